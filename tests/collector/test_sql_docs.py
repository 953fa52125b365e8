"""Do the page on SQL and the notebook do what they show?"""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

ROOT = Path(__file__).parents[2]
PAGE, NOTEBOOK = ROOT / "docs" / "sql.md", ROOT / "examples" / "notebook.ipynb"

pytestmark = pytest.mark.skipif(
    not PAGE.is_file(), reason="needs docs/ and examples/, which are not in a wheel"
)


def test_every_way_to_ask_works(
    start_collector: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, make_calls: Callable[..., bytes]
) -> None:
    """The page's own code: the reader and HTTP beside a collector, plain DuckDB once it is stopped."""
    collector = start_collector()
    monkeypatch.setenv("OTEL_BURN_DB", str(collector.db))
    assert collector.send(make_calls(3), content_type="application/json").status == 200
    collector.ledger()
    reader, over_http, plain = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    for code in (reader, over_http):
        assert run(code)["calls"].height == 3
    assert collector.stop() == 0
    assert run(reader)["calls"].height == 3
    assert "otel_burn_collector" not in plain
    assert run(plain)["calls"] == 3


def test_the_notebook_runs(
    start_collector: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, make_calls: Callable[..., bytes]
) -> None:
    """Cell by cell in one namespace, beside a collector; it is saved without outputs."""
    collector = start_collector()
    monkeypatch.setenv("OTEL_BURN_DB", str(collector.db))
    assert collector.send(make_calls(4), content_type="application/json").status == 200
    collector.ledger()
    cells = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
    assert all(cell["outputs"] == [] for cell in cells if cell["cell_type"] == "code")
    names = run("\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"))
    assert names["turns"].height == 4
    assert names["turns"]["so_far"].max() == pytest.approx(float(names["calls"]["cost_usd"].sum()))
    assert isinstance(names["loops"], pl.DataFrame)


def run(code: str) -> dict[str, Any]:
    """The names that *code* leaves behind."""
    names: dict[str, Any] = {}
    exec(compile(code, "<documentation>", "exec"), names)
    return names
