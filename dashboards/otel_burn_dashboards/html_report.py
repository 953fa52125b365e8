"""How do the main pages leave the explorer? As one file of HTML without a script or anything from elsewhere."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import polars as pl

from otel_burn.errors import BurnError
from otel_burn_collector.reader import Ledger
from otel_burn_dashboards import burning, by_turn, colors, judging, queries, summaries, svg, time_charts
from otel_burn_dashboards.figures import (
    clock,
    count,
    detector,
    exact_usd,
    lasting,
    phrase,
    short,
    usd,
    usd_range,
)
from otel_burn_dashboards.scope import Scope
from otel_burn_dashboards.summaries import Coverage, Figure

BREAKDOWNS: Final = ("model", "agent", "project", "user", "work item")
ROWS: Final = 15
FINDINGS: Final = 15
SESSIONS: Final = 25
PICTURED: Final = 3
"""Sessions whose context is drawn turn by turn."""
_COUNTS: Final = ("calls", "input_tokens", "cache_read_tokens", "output_tokens")
NUMBERS: Final = ("cost", "calls", "input", "from cache", "output", "lasted")
POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'"


def write(ledger: Ledger, file: Path, *, since: datetime | None = None, now: datetime | None = None) -> None:
    """Write what was burned since a moment as HTML into *file*."""
    try:
        file.write_text(html(ledger, Scope(since), now or datetime.now(UTC)), encoding="utf-8")
    except OSError as error:
        raise BurnError(
            f"The report cannot be written to {file}: {error.strerror}. Name a file in a folder that you can write to."
        ) from error


def html(ledger: Ledger, scope: Scope, now: datetime) -> str:
    """The report as a page."""
    burn = burning.burn(ledger, scope=scope, by="model", then="", now=now)
    body = [
        _head(ledger, scope),
        *(_burn(ledger, burn, scope) if burn.totals.calls else ["<p>No LLM call in this time.</p>"]),
    ]
    style = files("otel_burn_dashboards").joinpath("report.css").read_text(encoding="utf-8")
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>otel-burn report</title>'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        f'<meta name="viewport" content="width=device-width"><style>{style}</style></head>\n'
        f"<body>{''.join(body)}</body></html>\n"
    )


def _head(ledger: Ledger, scope: Scope) -> str:
    since = "of everything" if scope.begin is None else f"since {clock(scope.begin, 'UTC')}"
    said = f"Report {since}. {ledger.freshness().sentence} Times are UTC."
    return f'<h1>otel-burn</h1><p class="pale">{escape(said)}</p>'


def _burn(ledger: Ledger, burn: burning.Burn, scope: Scope) -> list[str]:
    groups = [(name, burning.groups(ledger, scope, by=name, then="")) for name in BREAKDOWNS]
    sessions = queries.sessions(ledger, scope=scope, newest=False)
    return [
        _figures(summaries.burn_figures(burn), summaries.burn_coverage(burn)),
        _over_time(burn),
        _findings(ledger, scope),
        "<h2>Where it went</h2>",
        *(_groups(name, frame) for name, frame in groups if frame.height > 1 or name == "model"),
        _sessions(sessions),
        f'<div class="two">{"".join(_context(ledger, name) for name in sessions.head(PICTURED)["session_id"])}</div>',
    ]


def _figures(figures: Sequence[Figure], sure: Coverage) -> str:
    shown = "".join(
        f'<div title="{escape(figure.about)}"><span>{escape(figure.label)}</span>'
        f"<b>{escape(figure.value)}</b><span>{escape(figure.change or '')}</span></div>"
        for figure in figures
    )
    warning = f'<p class="warn">{escape(sure.warning)}</p>' if sure.warning else ""
    return (
        f'<div class="figures">{shown}</div><p class="pale">{escape(" · ".join(sure.sentences))}</p>{warning}'
    )


def _over_time(burn: burning.Burn) -> str:
    dollars = bool(burn.totals.cost_usd)
    measure = "dollars" if dollars else "tokens"
    spent, palette = time_charts.stacked_series(burn.series, measure)
    classes = time_charts.stacked_classes(burn.classes)
    said = (lambda value: usd(Decimal(str(round(value, 6))))) if dollars else short
    left = svg.bars(spent, at="bucket", name="name", palette=palette, said=said)
    right = svg.bars(classes, at="bucket", name="class", palette=colors.TOKENS, said=short)
    return (
        f'<div class="two"><div><h3>{measure.capitalize()} over time, by model</h3>{left}{svg.legend(palette)}</div>'
        f"<div><h3>Tokens over time, by class</h3>{right}{svg.legend(colors.TOKENS)}</div></div>"
    )


def _findings(ledger: Ledger, scope: Scope) -> str:
    found = judging.findings(ledger, scope=scope, tier="all", detector="all", expected=False).findings
    if found.is_empty():
        looked = judging.looked(ledger, scope=scope)
        remedy = (
            "" if looked.judged == looked.sessions else " <code>otel-burn findings</code> looks for some."
        )
        return f"<h2>Findings</h2><p>{escape(looked.told(scope.zone))}{remedy}</p>"
    cards = "".join(_finding(one) for one in found.head(FINDINGS).to_dicts())
    more = found.item(0, "in_all") - min(found.height, FINDINGS)
    rest = f'<p class="pale">{more:,} more are in the explorer.</p>' if more > 0 else ""
    return f'<h2>Findings</h2><p class="pale">They overlap: never add them up.</p>{cards}{rest}'


def _finding(one: Mapping[str, Any]) -> str:
    exact = f"{exact_usd(one['wasted_usd_low'])} to {exact_usd(one['wasted_usd_high'])}"
    color = colors.TIERS.get(one["tier"], colors.OTHER)
    tier = f'<span class="tier" style="background:{color}">{escape(str(one["tier"]))}</span>'
    return (
        f'<div class="finding">{tier}<b>{escape(detector(one["detector"]).capitalize())}</b> in '
        f'{escape(str(one["agent"] or "an unnamed agent"))} · <b title="{escape(exact)}">'
        f"{escape(usd_range(one['wasted_usd_low'], one['wasted_usd_high']))}</b> wasted · "
        f"{short(one['wasted_tokens'])} tokens"
        f"<p>{escape(str(one['evidence'] or ''))}</p><p><b>Fix:</b> {escape(str(one['fix'] or ''))}</p>"
        f'<p class="pale">Session {escape(str(one["session_id"] or "none: it spans several"))}</p></div>'
    )


def _groups(name: str, frame: pl.DataFrame) -> str:
    rows = [
        (row["name"], _dollars(row), *(count(row[column]) for column in _COUNTS))
        for row in frame.head(ROWS).to_dicts()
    ]  # fmt: skip
    rest = frame.item(0, "groups") - len(rows) if frame.height else 0
    more = f'<p class="pale">{rest:,} more.</p>' if rest > 0 else ""
    return f"<h3>By {name}</h3>{_table((name, 'cost', 'calls', 'input', 'from cache', 'output'), rows)}{more}"


def _dollars(row: Mapping[str, Any]) -> tuple[str, str]:
    """What was spent, and exactly; of what has no price, that."""
    if row["cost_usd"] is None or (row["unpriced_calls"] and not row["cost_usd"]):
        return ("unpriced", "unpriced") if row["unpriced_calls"] else ("$0.00", "$0")
    return usd(row["cost_usd"]), exact_usd(row["cost_usd"])


def _sessions(listed: pl.DataFrame) -> str:
    rows = [
        (row["session_id"], _dollars(row), count(row["calls"]), row["agent"] or "-",
         f"{row['started_at']:%Y-%m-%d %H:%M}", lasting(row["ended_at"] - row["started_at"]),
         detector(row["worst_detector"]) if row["worst_detector"] else "-")
        for row in listed.head(SESSIONS).to_dicts()
    ]  # fmt: skip
    heads = ("session", "cost", "calls", "agent", "started", "lasted", "worst finding")
    return f"<h2>The most expensive sessions</h2>{_table(heads, rows)}"


def _context(ledger: Ledger, session: str) -> str:
    found = queries.session(ledger, session=session)
    if found.context.is_empty():
        return ""
    measure = "bytes" if found.context["tokens"].is_null().all() else "tokens"
    layers = by_turn.stacked_context(found.context, measure)
    palette = {
        phrase(kind): color for kind, color in colors.INPUT.items() if phrase(kind) in set(layers["kind"])
    }
    drawn = svg.bars(layers, at="turn", name="kind", palette=palette, said=short)
    title = f'<h3>Input by turn, in {measure}</h3><p class="pale">{escape(session)}</p>'
    return f"<div>{title}{drawn}{svg.legend(palette)}</div>"


def _table(heads: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    top = "".join(
        f'<th class="{"number" if head in NUMBERS else "name"}">{escape(head)}</th>' for head in heads
    )
    return f"<table><tr>{top}</tr>{''.join(f'<tr>{_cells(heads, row)}</tr>' for row in rows)}</table>"


def _cells(heads: Sequence[str], row: Sequence[Any]) -> str:
    cells = []
    for head, value in zip(heads, row, strict=True):
        kind = "number" if head in NUMBERS else "name"
        text, exact = value if isinstance(value, tuple) else (str(value), "")
        cells.append(f'<td class="{kind}" title="{escape(exact)}">{escape(text)}</td>')
    return "".join(cells)
