"""How does a report look on a terminal? Text of a hundred columns that also reads well in a log file."""

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from otel_burn.wording import plural
from otel_burn_analytics.processes import Processes
from otel_burn_analytics.report import Report, Row, Spend, Totals

WIDTH: Final = 100
INDENT: Final = "  "
LABELS: Final = {"work": "work item"}
UNNAMED: Final = "(not recorded)"
TOOL_NOTE: Final = (
    "input and dollars: the results of the tool as part of the input of every call that read them, again and again. "
    "The answers that asked for the tool are not in it."
)


def text(report: Report) -> str:
    """*report* as a person reads it."""
    parts = [_head(report), *(_notes(report))]
    if report.totals.calls == 0:
        parts.append(_nothing(report))
    else:
        parts += [
            _summary(report.totals),
            _tokens(report),
            _coverage(report),
            _table(report),
            _findings(report),
        ]
    parts += [_unfinished(report.processes), _unseen(report.processes), _untouched(report.processes)]
    return "\n\n".join(part for part in parts if part) + "\n"


def findings_text(
    findings: Sequence[Mapping[str, Any]], in_all: int, judged: tuple[int, int] | None = None
) -> str:
    """*findings* of *in_all*, numbered.

    Args:
        judged: How many calls were judged, and how many of them with a record of their context. It tells a clean bill
            from nothing to look at.
    """
    if not findings:
        return "No findings." if judged is None else _wrapped(_none_found(*judged, others=in_all))
    more = f"  ({len(findings)} of {in_all:,})" if in_all > len(findings) else ""
    head = f"FINDINGS{more}  They overlap: never add them up."
    return "\n\n".join([head, *(_finding(number, one) for number, one in enumerate(findings, start=1))])


def _none_found(calls: int, with_context: int, *, others: int) -> str:
    """What it means that there is no finding."""
    if calls == 0:
        return (
            "No findings, as there was nothing to judge: no call is in this choice. Was it made under `otel-burn run`, "
            "into this database?"
        )
    elsewhere = f"; {plural(others, 'finding')} of other kinds" if others else ""
    clean = f"No findings: {plural(calls, 'call')} {'was' if calls == 1 else 'were'} judged{elsewhere}."
    if with_context == calls:
        return clean
    return (
        f"{clean} Of {calls - with_context:,} of them no context is on record, so what they carried, repeated or could "
        "have cached was not judged."
    )


def money(usd: Decimal | None) -> str:
    """Dollars, as exact as a reader needs; unknown is not 0."""
    if usd is None:
        return "unknown"
    if 0 < usd < Decimal("0.00005"):
        return "<$0.0001"
    return f"${usd:,.4f}" if abs(usd) < 10 else f"${usd:,.2f}"


def count(number: int | None) -> str:
    """A whole number with thousands separators, or unknown."""
    return "unknown" if number is None else f"{number:,}"


def share(part: int | None, whole: int | None) -> str:
    """A percentage, rounded down so that 100 % means all; unknown without a whole."""
    if part is None or not whole:
        return "unknown"
    return f"{part * 1000 // whole / 10:.1f} %"


def _head(report: Report) -> str:
    scope = f"run {report.run}" if report.run else "everything"
    if report.since:
        scope = f"since {report.since:%Y-%m-%d %H:%M} UTC" + (f", run {report.run}" if report.run else "")
    return f"OTEL-BURN  {scope}\n{_wrapped(report.freshness)}"


def _notes(report: Report) -> Iterator[str]:
    yield from (_wrapped(f"NOTE  {note}") for note in report.notes)


def _summary(totals: Totals) -> str:
    troubles = [
        plural(totals.failed, "failed", "failed") if totals.failed else "",
        plural(totals.cancelled, "cancelled", "cancelled") if totals.cancelled else "",
        plural(totals.attempts, "attempt") if totals.attempts and totals.attempts > totals.calls else "",
    ]
    calls = ", ".join([plural(totals.calls, "call"), *filter(None, troubles)])
    where = f"{plural(totals.sessions, 'session')}, {plural(totals.agents, 'agent')}"
    tokens = f"{count(totals.input_tokens)} tokens in, {count(totals.output_tokens)} out"
    besides = totals.answered - totals.priced_calls
    dollars = money(totals.cost_usd)
    if besides and totals.cost_usd is not None:
        dollars += f" and what {plural(besides, 'call')} without a price cost"
    return "\n".join([f"{INDENT}{dollars}   {tokens}", f"{INDENT}{calls}   {where}"])


def _tokens(report: Report) -> str:
    classes = report.classes
    lines = [
        f"{'BURNED':<12}" + "".join(f"{one.name:>15}" for one in classes) + f"{'of it reasoning':>17}",
        f"{INDENT}{'tokens':<10}"
        + "".join(f"{'' if one.name == 'other' else count(one.tokens):>15}" for one in classes)
        + f"{count(report.totals.reasoning_tokens):>17}",
        f"{INDENT}{'dollars':<10}" + "".join(f"{money(one.usd):>15}" for one in classes),
    ]
    return "\n".join(line.rstrip() for line in lines)


def _coverage(report: Report) -> str:
    totals = report.totals
    of = f"of {plural(totals.answered, 'answered call')}"
    spend = ", ".join(_spend(one) for one in report.spend if one.status != "unpriced")
    lines = [
        f"usage    {totals.exact_calls:,} {of} exact ({share(totals.exact_calls, totals.answered)}), "
        f"{share(totals.exact_tokens, totals.known_tokens)} of the known tokens",
        f"price    {totals.priced_calls:,} {of} priced ({share(totals.priced_calls, totals.answered)})"
        + (f": {spend}" if spend else ""),
    ]
    for missing, without_usage in (("price", False), ("usage", True)):
        models = ", ".join(
            f"{one.provider}/{one.model} ({plural(one.calls, 'call')})"
            for one in report.unpriced
            if one.without_usage is without_usage
        )
        if models:
            lines.append(f"         no {missing} for {models}: what they cost is unknown and in no sum here")
    if report.judged_calls_with_context < report.judged_calls:
        lines.append(
            f"context  recorded for {report.judged_calls_with_context:,} of {plural(report.judged_calls, 'call')}: "
            "what the others repeated or carried cannot be seen"
        )
    return "\n".join(["COVERAGE", *(_wrapped(line, hanging=9) for line in lines)])


def _spend(spend: Spend) -> str:
    calls = plural(spend.calls, "call")
    if spend.status == "not_metered":
        return f"{calls} not metered"
    return f"{money(spend.usd)} {spend.status} ({calls})"


def _table(report: Report) -> str:
    wide = max([24, *(len(row.name or UNNAMED) for row in report.rows)])
    wide = min(wide, WIDTH - 62)
    head = f"BY {LABELS.get(report.by, report.by).upper()}"
    columns = f"{'calls':>8}{'failed':>8}{'input':>14}{'cached':>9}{'output':>10}{'dollars':>11}"
    lines = [f"{head:<{wide + 2}}{columns}", *(_row(row, wide) for row in report.rows)]
    if report.groups > len(report.rows):
        lines.append(f"{INDENT}... and {report.groups - len(report.rows):,} more")
    if any(row.unpriced_calls and row.cost_usd is not None for row in report.rows):
        lines.append(f"{INDENT}+ and calls without a price besides")
    if report.by == "tool":
        lines.append(_wrapped(TOOL_NOTE))
    return "\n".join(lines)


def _row(row: Row, wide: int) -> str:
    name = row.name or UNNAMED
    name = name if len(name) <= wide else f"{name[: wide - 3]}..."
    cached = "" if row.cache_read_tokens is None else share(row.cache_read_tokens, row.input_tokens)
    dollars = money(row.cost_usd) + ("+" if row.unpriced_calls and row.cost_usd is not None else "")
    output = "" if row.output_tokens is None else count(row.output_tokens)
    return (
        f"{INDENT}{name:<{wide}}{row.calls:>8,}{row.failed:>8,}{count(row.input_tokens):>14}"
        f"{cached:>9}{output:>10}{dollars:>11}"
    )


def _findings(report: Report) -> str:
    judged = (report.judged_calls, report.judged_calls_with_context)
    return findings_text(report.findings, report.findings_in_all, judged)


def _finding(number: int, finding: Mapping[str, Any]) -> str:
    # What is about more than one session is of none.
    session = f", session {finding['session_id']}" if finding["session_id"] else ""
    where = f"{finding['agent'] or UNNAMED}{session}"
    cost = (
        f"{_range(finding['wasted_usd_low'], finding['wasted_usd_high'])}, {count(finding['wasted_tokens'])} tokens "
        f"wasted, confidence {finding['confidence'] * 100:.0f} %"
    )
    return "\n".join(
        [
            f"{number:>3}  {finding['tier'].upper():<6}{cost}",
            _wrapped(where, indent=5),
            _wrapped(finding["evidence"], indent=5),
            _wrapped(f"Fix: {finding['fix']}", indent=5, hanging=5),
        ]
    )


def _range(low: Decimal | None, high: Decimal | None) -> str:
    if low is None and high is None:
        return "dollars unknown"
    if high is None:
        return f"at least {money(low)}"
    return money(high) if low == high else f"{money(low)} to {money(high)}"


def _nothing(report: Report) -> str:
    """Why there is nothing to report, and what to do."""
    if report.processes is None:
        when = f" since {report.since:%Y-%m-%d %H:%M} UTC" if report.since else ""
        return _wrapped(
            f"No LLM call{when} is recorded here. Record one with: otel-burn run -- python agent.py"
        )
    return "\n".join(_wrapped(line) for line in _why(report.processes))


def _why(seen: Processes) -> Iterator[str]:
    yield "No LLM call was seen in this run."
    if seen.instrumented == 0:
        yield "No process of it ran with otel-burn. Was it Python? Only Python programs can be instrumented so."
        return
    hosts = ", ".join(f"{host} ({plural(requests, 'request')})" for host, requests in seen.hosts.items())
    yield f"Hosts that it talked to: {hosts or 'none that a tap saw'}."
    yield f"Taps that were active: {', '.join(seen.taps) or 'none (no HTTP client that we know was imported)'}."
    if seen.unfinished or seen.unseen:
        return  # what follows in the report says why
    if seen.hosts:
        yield "If one of these hosts serves a model, its wire format is not known yet; `otel-burn doctor` lists ours."
    else:
        yield "If it called a model, then through a client without a tap; `otel-burn doctor` names what none can see."


def _unfinished(seen: Processes | None) -> str:
    if seen is None or not seen.unfinished:
        return ""
    head = (
        "PERHAPS NOT ALL  These were killed, left without Python's own exit (os._exit, a pool that is terminated), or "
        "still run; their last calls may be missing:"
    )
    return "\n".join([_wrapped(head), *(f"{INDENT}{program}" for program in seen.unfinished)])


def _unseen(seen: Processes | None) -> str:
    if seen is None or not seen.unseen:
        return ""
    head = "NOT SEEN  These processes also used what no tap can see; calls that went there are not recorded:"
    return "\n".join([_wrapped(head), *(f"{INDENT}{one}" for one in seen.unseen)])


def _untouched(seen: Processes | None) -> str:
    if seen is None or not seen.untouched:
        return ""
    head = (
        "NOT INSTRUMENTED  These ran in interpreters without otel-burn; install it there to see their calls:"
    )
    return "\n".join([_wrapped(head), *(f"{INDENT}{program}" for program in seen.untouched)])


def _wrapped(line: str, *, indent: int = 2, hanging: int = 0) -> str:
    margin = " " * indent
    return textwrap.fill(
        line,
        WIDTH,
        initial_indent=margin,
        subsequent_indent=margin + " " * hanging,
        break_long_words=False,
        break_on_hyphens=False,
    )
