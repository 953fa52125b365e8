"""What does `otel-burn explain CALL_ID` print? The reports that were merged into one call, and why."""

import argparse
import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from otel_burn.command import Command
from otel_burn_collector.parsing import add_db

Explained = Mapping[str, Any]


def _configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "call", metavar="CALL_ID", help="the beginning of a call_id; a response_id or span_id will do as well"
    )
    parser.add_argument("--json", action="store_true", help="print a JSON object")
    add_db(parser)


def _run(arguments: argparse.Namespace) -> int:
    from otel_burn_collector.explaining import explain  # noqa: PLC0415 - heavy, and `--help` needs none of it
    from otel_burn_collector.reader import open_ledger  # noqa: PLC0415

    with open_ledger(arguments.db) as ledger:
        explained = explain(ledger, arguments.call)
    if arguments.json:
        sys.stdout.write(json.dumps(explained, indent=2, default=str) + "\n")
    else:
        sys.stdout.writelines(f"{line}\n" for line in lines(explained))
    return 0


def lines(explained: Explained) -> Iterator[str]:
    """The text of it."""
    call = explained["call"]
    model = call["response_model"] or call["request_model"] or "an unknown model"
    yield f"call {call['call_id']}  {model}  {call['started_at']} UTC  {call['status']}"
    yield from (f"  also known as {alias}" for alias in explained["aliases"])
    yield f"  session {call['session_id'] or 'unknown'}, agent {call['agent'] or 'unknown'}"
    yield f"  tokens: {_tokens(call)}; usage {call['usage_status']}"
    yield from _bill(call)
    yield f"reported {_times(len(explained['reports']))}, the most trusted first:"
    for number, report in enumerate(explained["reports"], 1):
        yield from _report(number, report)
    yield "who said what:"
    yield from _origins({**explained["fields"], **explained["usage"]})


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _tokens(row: Explained) -> str:
    shown = ("input", "cache_read", "cache_write", "output", "reasoning")
    counts = {name.replace("_", " "): row[f"{name}_tokens"] for name in shown}
    said = [f"{name} {count:,}" for name, count in counts.items() if count is not None]
    return ", ".join(said) or "none said"


def _bill(call: Explained) -> Iterator[str]:
    cost = "unknown" if call["cost_usd"] is None else f"${call['cost_usd']:f}"
    yield f"  cost: {cost} ({call['cost_status']}, rates {call['rate_version']})"
    for line in call["cost_lines"] or ():
        parts = (("", "quantity"), (" ", "unit"), (" at $", "rate"), (" = $", "usd"), (", rate ", "rate_id"))
        yield "    " + "".join(
            before + _short(line[name]) for before, name in parts if line[name] is not None
        )


def _short(value: str | int | Decimal) -> str:
    """A number without an exponent, and the zeros at its end."""
    if isinstance(value, Decimal):
        text = f"{value:,f}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    return f"{value:,}" if isinstance(value, int) else value


def _report(number: int, report: Explained) -> Iterator[str]:
    where = (
        f"trace {report['trace_id']} span {report['span_id']}" if report["trace_id"] else report["report_id"]
    )
    yield f"  {number}. {report['source']} ({report['signal']}, {report['dialect']}): {where}"
    yield f"     {report['started_at']} to {report['ended_at']}; {_tokens(report)}"
    yield f"     {report['joined_by'] or ('came first' if number == 1 else 'the others came to it')}"
    yield from (f"     corrected: {said}" for said in report["corrections"])


def _origins(fields: Mapping[str, str]) -> Iterable[str]:
    by_source: dict[str, list[str]] = {}
    for name, source in fields.items():
        by_source.setdefault(source, []).append(name)
    return (f"  {source}: {', '.join(names)}" for source, names in by_source.items())


EXPLAIN = Command("show the reports that were merged into a call, why, and its bill", _configure, _run)
