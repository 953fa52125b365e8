"""Do imports go one way? dashboards -> analytics -> collector -> otel_burn, told from the syntax trees."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LAYERS = {
    "otel_burn": "otel_burn",
    "otel_burn_collector": "collector/otel_burn_collector",
    "otel_burn_analytics": "analytics/otel_burn_analytics",
    "otel_burn_dashboards": "dashboards/otel_burn_dashboards",
}
"""From the bottom up: each may import those before it."""
IN_AGENTS = {*sys.stdlib_module_names, "opentelemetry", "msgspec", "xxhash", "otel_burn"}
"""What may be imported in users' processes."""


def imports(file: Path) -> Iterator[str]:
    """The top-level packages that *file* imports when it runs; imports for type checkers alone don't run."""
    waiting: list[ast.AST] = [ast.parse(file.read_text(encoding="utf-8"))]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            waiting.extend(node.orelse)
            continue
        waiting.extend(ast.iter_child_nodes(node))
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file} imports relatively"
            yield str(node.module).split(".")[0]


@pytest.mark.parametrize("package", LAYERS)
def test_imports_go_down_only(package: str) -> None:
    """No file of a package imports one above it."""
    above = set(list(LAYERS)[list(LAYERS).index(package) + 1 :])
    files = list((ROOT / LAYERS[package]).rglob("*.py"))
    assert files
    wrong = {
        str(file.relative_to(ROOT)): found for file in files if (found := above.intersection(imports(file)))
    }
    assert not wrong


def test_agents_carry_nothing_heavy() -> None:
    """In agents' processes: the standard library, OpenTelemetry, a JSON decoder and a hash."""
    wrong = {}
    for file in (ROOT / "otel_burn").rglob("*.py"):
        demo = {"openai", "anthropic"} if file.parent == ROOT / "otel_burn/demo/agents" else set()
        if heavy := set(imports(file)) - IN_AGENTS - demo:
            wrong[str(file.relative_to(ROOT))] = heavy
    assert not wrong
