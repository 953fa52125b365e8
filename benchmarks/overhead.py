"""How much CPU and latency does otel-burn add to an LLM call, and how much do others?

Run: python benchmarks/overhead.py --environments /tmp/overhead --rounds 5

The first run makes the environments (from the package index, minutes); later ones install only otel-burn anew.
Real SDKs call a provider in another process on loopback, a sink in a third takes the spans; neither's CPU counts. Each
cell (SDK, context, plain or streamed), variant (`overhead_peers.VARIANTS`) and round has a new interpreter; a round
takes the cells in random order, and the variants of a cell, shuffled, one right after the other, so that what else the
machine does meets all of them alike. Measured: CPU of the whole process a call (`time.process_time`: all threads, and
the export of everything, are in it), the caller's wall clock, and the first call from import on. Calls follow each
other without a pause. A cell whose spans did not all arrive is void.

The contexts: `small` is one message of 1 kB. `same` is 200 messages of plain text (500 kB), the same in each call.
`growing` is an agent at work: ten tools, 200 messages of tool calls and results (500 kB), two more with each call, and
back to 200 when there are 250.

`--rounds`, `--cells` (`anthropic-growing,openai-small`), `--variants` (`otel-burn,OpenLIT`) and `--calls` (divides
their number) make it shorter; `--json` keeps the raw numbers (`overhead_tables.py FILE` prints their tables again).
"""

import argparse
import contextlib
import hashlib
import json
import os
import random
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import overhead_peers
import overhead_tables
from overhead_peers import ENVIRONMENTS, VARIANTS

HERE = Path(__file__).parent
Cell = tuple[str, str, bool]
CELLS: list[Cell] = [
    (sdk, size, stream)
    for sdk in ("openai", "anthropic")
    for size in ("small", "same", "growing")
    for stream in (False, True)
]
CALLS = {"small": 200, "same": 75, "growing": 75}
STREAMED_CALLS = {"small": 100, "same": 60, "growing": 60}
PAUSE = 0.0005
"""Seconds between the chunks of a stream, so that the client reads each on its own, as from a real provider."""


def cell_name(cell: Cell) -> str:
    """`openai small plain`."""
    return f"{cell[0]} {cell[1]} {'stream' if cell[2] else 'plain'}"


def environment(folder: Path, name: str, project: Path) -> Path:
    """The Python of the environment *name* below *folder*, made where it is missing, with otel-burn as it is now."""
    place, requirements = folder / name, ENVIRONMENTS[name]
    python, stamp = place / "bin" / "python", place / "requirements"
    wanted = hashlib.sha256("\n".join(requirements).encode()).hexdigest()
    install = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    if not stamp.exists() or stamp.read_text() != wanted:
        sys.stderr.write(f"making {place}\n")
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(place)], check=True)
        subprocess.run([*install, *requirements, str(project)], check=True)
        stamp.write_text(wanted)
    subprocess.run([*install, "--no-deps", "--force-reinstall", str(project)], check=True)
    return python


@contextlib.contextmanager
def server(python: Path, *arguments: str) -> Iterator[str]:
    """The address of a provider or sink, for as long as it is needed."""
    command = [str(python), str(HERE / "provider.py"), *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()


def measure(task: dict[str, Any], python: Path, home: str) -> dict[str, Any]:
    """What one cell costs with one variant, in a new interpreter, with what arrived at the sink."""
    variant = VARIANTS[task["variant"]]
    command = [str(python), "-W", "ignore", str(HERE / "overhead_call.py"), json.dumps(task)]
    done = subprocess.run(
        command,
        env=overhead_peers.variables(variant, task["sink"], home),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.stderr.write(f"{variant.name}, {task['cell']}: {done.stderr[-2000:]}\n")
        return {"failed": True}
    result: dict[str, Any] = json.loads(done.stdout)
    with urllib.request.urlopen(task["sink"], timeout=60) as answer:
        result["arrived"] = json.load(answer)
    return result


def one_round(
    number: int, options: argparse.Namespace, pythons: dict[str, Path], provider: str, sink: str
) -> Iterator[dict[str, Any]]:
    """Every cell with every variant once, in an order of its own."""
    draw = random.Random(number)
    cells = chosen_cells(options.cells)
    for cell in draw.sample(cells, len(cells)):
        chosen = [i for i, variant in enumerate(VARIANTS) if variant.environment in pythons]
        if options.variants:
            wanted = {*options.variants.split(","), overhead_peers.NONE}
            chosen = [i for i in chosen if VARIANTS[i].name in wanted]
        for i in draw.sample(chosen, len(chosen)):
            with tempfile.TemporaryDirectory() as home:
                task = {
                    "variant": i,
                    "cell": cell,
                    "provider": provider,
                    "sink": f"{sink}/{number}-{CELLS.index(cell)}-{i}",
                    "calls": max((STREAMED_CALLS if cell[2] else CALLS)[cell[1]] // options.calls, 1),
                }
                result = measure(task, pythons[VARIANTS[i].environment], home)
            yield {
                "round": number,
                "cell": cell_name(cell),
                "variant": VARIANTS[i].name,
                "environment": VARIANTS[i].environment,
                "load": os.getloadavg()[0],
                **result,
            }


def parse() -> argparse.Namespace:
    """The options."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--environments", type=Path, help="folder of the environments, made once", required=True
    )
    parser.add_argument("--project", type=Path, default=HERE.parent, help="the otel-burn to measure")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument(
        "--cells", default="", help="words of cells' names, as anthropic-growing,openai-small"
    )
    parser.add_argument("--variants", default="", help=f"names, separated by commas, of: {_names()}")
    parser.add_argument("--calls", type=int, default=1, metavar="N", help="make one N-th of the calls")
    parser.add_argument("--json", type=Path, help="append every measurement to this file, a line each")
    options = parser.parse_args()
    if not chosen_cells(options.cells):
        parser.error(f"--cells {options.cells}: no such cell; there are {', '.join(map(cell_name, CELLS))}")
    if unknown := set(filter(None, options.variants.split(","))) - {variant.name for variant in VARIANTS}:
        parser.error(f"--variants: there is no {', '.join(sorted(unknown))}; there are {_names()}")
    return options


def chosen_cells(words: str) -> list[Cell]:
    """The cells with all *words* of one of the groups (`anthropic-growing,small`) in their names."""
    groups = [set(filter(None, group.split("-"))) for group in words.split(",")]
    return [cell for cell in CELLS if any(group <= set(cell_name(cell).split()) for group in groups)]


def _names() -> str:
    return ", ".join(dict.fromkeys(variant.name for variant in VARIANTS))


def main() -> None:
    """Measure, and print the tables in Markdown."""
    options = parse()
    found: list[dict[str, Any]] = []
    folder = options.environments.resolve()
    wanted = options.variants.split(",")
    names = {
        v.environment
        for v in VARIANTS
        if not options.variants or (v.name in wanted and v.name != overhead_peers.OURS)
    }
    pythons = {name: environment(folder, name, options.project) for name in names or {"current"}}
    any_python = next(iter(pythons.values()))
    with server(any_python, "--pause", str(PAUSE)) as provider, server(any_python) as sink:
        for number in range(options.rounds):
            for measurement in one_round(number, options, pythons, provider, sink):
                found.append(measurement)
                if options.json:
                    with options.json.open("a") as file:
                        file.write(json.dumps(measurement) + "\n")
                sys.stderr.write(overhead_tables.line(measurement) + "\n")
    sys.stdout.write(overhead_tables.tables(found))


if __name__ == "__main__":
    main()
