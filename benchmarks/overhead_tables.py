"""What do the measurements of benchmarks/overhead.py say? Tables in Markdown, and a verdict."""

import json
import statistics
import sys
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from overhead_peers import NONE, OURS

Measurement = dict[str, Any]
NOTHING_MS = 0.5
"""Where the best of the others is within the noise of nothing, so much is allowed."""


class Added(NamedTuple):
    """What a variant adds to the SDK alone, in milliseconds."""

    least: float
    """The least round of the variant minus the least of the SDK: a quiet machine."""
    median: float
    """The median of the differences within each round."""
    noise: float
    """Their median distance from that median."""


def line(one: Measurement) -> str:
    """A measurement as a line of progress."""
    head = f"{one['round']} {one['cell']:26} {one['environment']:8} {one['variant']:24}"
    if one.get("failed"):
        return f"{head} failed"
    return (
        f"{head} {one['cpu'] * 1000:7.2f} ms CPU {statistics.median(one['seconds']) * 1000:7.2f} ms "
        f"load {one['load']:.1f} spans {one['arrived']['spans']}/{one['made']}"
    )


def void(one: Measurement) -> bool:
    """Whether a measurement counts for nothing, as it failed or spans are missing."""
    return bool(one.get("failed")) or (one["variant"] != NONE and one["arrived"]["spans"] < one["made"])


def added(
    found: list[Measurement], cell: str, variant: tuple[str, str], value: Callable[[Measurement], float]
) -> Added | None:
    """What *variant* (environment, name) adds in *cell*; None where it is void."""
    mine, alone = (
        {one["round"]: one for one in _of(found, cell, (variant[0], name))} for name in (variant[1], NONE)
    )
    rounds = sorted(mine.keys() & alone.keys())
    if not rounds or any(void(one) for one in [*mine.values(), *alone.values()]):
        return None
    pairs = [(value(mine[i]) * 1000, value(alone[i]) * 1000) for i in rounds]
    differences = [one - other for one, other in pairs]
    middle = statistics.median(differences)
    least = min(one for one, _ in pairs) - min(other for _, other in pairs)
    return Added(least, middle, statistics.median(abs(difference - middle) for difference in differences))


def _of(found: Iterable[Measurement], cell: str, variant: tuple[str, str]) -> list[Measurement]:
    return [one for one in found if one["cell"] == cell and (one["environment"], one["variant"]) == variant]


def cpu(one: Measurement) -> float:
    """Seconds of CPU a call."""
    return float(one["cpu"])


def middle_latency(one: Measurement) -> float:
    """The median of the caller's seconds."""
    return float(statistics.median(one["seconds"]))


def high_latency(one: Measurement) -> float:
    """The 99th percentile of the caller's seconds."""
    seconds: list[float] = sorted(one["seconds"])
    return seconds[int(0.99 * (len(seconds) - 1))]


def first_cpu(one: Measurement) -> float:
    """Seconds of CPU from import on until the first call is exported."""
    return float(one["first_cpu"])


def first_seconds(one: Measurement) -> float:
    """Seconds from import on to the end of the first call."""
    return float(one["first_seconds"])


TABLES = (
    ("CPU a call, ms", "", (cpu,)),
    ("Added latency a call, ms: median / p99", "", (middle_latency, high_latency)),
    ("First call from import on, ms: CPU / wall clock", "small plain", (first_cpu, first_seconds)),
)
"""Title, which cells, and what is told of them."""


def tables(found: list[Measurement]) -> str:
    """All tables of *found*."""
    parts = []
    for environment in dict.fromkeys(one["environment"] for one in found):
        here = [one for one in found if one["environment"] == environment]
        for title, cells, values in TABLES:
            chosen = [one for one in here if one["cell"].endswith(cells)]
            if chosen:
                parts.append(_table(chosen, environment, title, values))
        parts.append(_verdict(here, environment))
    loads = [one["load"] for one in found]
    parts.append(
        f"Load of the machine {min(loads):.1f} to {max(loads):.1f}, median {statistics.median(loads):.1f}; "
        f"{len({one['round'] for one in found})} rounds.\n"
    )
    return "\n".join(parts)


def _names(found: list[Measurement]) -> list[str]:
    order = dict.fromkeys(one["variant"] for one in found)
    others = sorted(order.keys() - {NONE, OURS})
    return [name for name in (OURS, *others) if name in order]


def _table(
    found: list[Measurement], environment: str, title: str, values: tuple[Callable[[Measurement], float], ...]
) -> str:
    names = _names(found)
    rows = [f"{title} ({environment}): least of the rounds (median ± noise)\n", _row(["cell", NONE, *names])]
    rows.append(_row(["---"] * (len(names) + 2)))
    for cell in sorted({one["cell"] for one in found}):
        alone = [one for one in _of(found, cell, (environment, NONE)) if not void(one)]
        cells = [" / ".join(f"{min(map(value, alone)) * 1000:.2f}" for value in values) if alone else "void"]
        for name in names:
            several = [added(found, cell, (environment, name), value) for value in values]
            cells.append(" / ".join(_said(one) for one in several) if None not in several else "void")
        rows.append(_row([cell, *cells]))
    return "\n".join(rows) + "\n"


def _said(one: Added | None) -> str:
    return "" if one is None else f"{one.least:+.2f} ({one.median:+.2f} ± {one.noise:.2f})"


def _row(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _verdict(found: list[Measurement], environment: str) -> str:
    """Per cell, otel-burn against each other, and as a share of the SDK."""
    names = [name for name in _names(found) if name != OURS]
    rows = [f"otel-burn's CPU against each ({environment}): less, same (within the noise), more\n"]
    rows += [_row(["cell", "share of the SDK", *names, "verdict"]), _row(["---"] * (len(names) + 3))]
    for cell in sorted({one["cell"] for one in found}):
        ours = added(found, cell, (environment, OURS), cpu)
        if ours is None:
            rows.append(_row([cell, "void", *("" for _ in names), "void"]))
            continue
        alone = min(cpu(one) for one in _of(found, cell, (environment, NONE))) * 1000
        others = [added(found, cell, (environment, name), cpu) for name in names]
        words = ["void" if other is None else _compared(ours, other) for other in others]
        rows.append(_row([cell, f"{ours.least / alone:.0%}", *words, _judged(ours, others)]))
    return "\n".join(rows) + "\n"


def _compared(ours: Added, other: Added) -> str:
    noise = max(ours.noise, other.noise)
    difference = ours.least - other.least
    word = "less" if difference < -noise else "more" if difference > noise else "same"
    return f"{word} ({difference:+.2f})"


def _judged(ours: Added, others: list[Added | None]) -> str:
    """`ok` where each other adds more, or the best adds nothing that could be measured and we at most `NOTHING_MS`."""
    known = [other for other in others if other is not None]
    if not known:
        return ""
    best = min(known, key=lambda other: other.least)
    if best.least <= best.noise and ours.least <= NOTHING_MS:
        return "ok (best adds nothing)"
    return "ok" if all(_compared(ours, other).startswith("less") for other in known) else "missed"


if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8") as lines:
        sys.stdout.write(tables([json.loads(each) for each in lines]))
