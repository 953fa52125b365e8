"""Why is a call what it is? Its reports, what made them one, who said which field, and its bill."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from otel_burn.errors import BurnError
from otel_burn_collector.formats import objects
from otel_burn_collector.ledger.dialects import DIALECTS
from otel_burn_collector.ledger.usage import habits
from otel_burn_collector.reader import Ledger

FIND: Final = """
    SELECT call_id FROM llm_calls WHERE starts_with(call_id, $id) OR response_id = $id OR span_id = $id
    UNION
    SELECT call_id FROM store.aliases WHERE starts_with(alias, $id)
    ORDER BY call_id LIMIT 11
"""
CALL: Final = "FROM llm_calls WHERE call_id = $call_id"
REPORTS: Final = """
    FROM reports WHERE call_id = $call_id
    ORDER BY rank, is_error, attempt DESC NULLS LAST, started_at DESC, report_id
"""
ALIASES: Final = "SELECT alias FROM store.aliases WHERE call_id = $call_id ORDER BY alias"

FIELDS: Final = (
    "session_id", "agent", "provider", "request_model", "response_model", "response_id", "error_type", "http_status",
    "finish_reason",
)  # fmt: skip
"""Each from the first report that knows it."""
USAGE: Final = (
    "input_tokens",
    "cache_read_tokens",
    "cache_write_tokens",
    "output_tokens",
    "reasoning_tokens",
)
"""One set from one emitter; a part that it leaves out may come from one that saw the same totals."""
ABOVE: Final = "spans above it, or its process"
_BY_NAME: Final = {each.name: each for each in DIALECTS}

Row = Mapping[str, Any]


def find_call(ledger: Ledger, said: str) -> str:
    """The id of the one call that *said* names: the beginning of its id or an alias, its response id, its span."""
    found = [row["call_id"] for row in ledger.query(FIND, {"id": said}).to_pylist()] if said else []
    if len(found) == 1:
        return str(found[0])
    if not found:
        raise BurnError(
            f"No call is named {said!r}. Give the beginning of a call_id, a response_id or a span_id: `otel-burn sql` "
            "lists them (FROM llm_calls)."
        )
    listed = ", ".join(found[:10]) + (" …" if len(found) > 10 else "")
    raise BurnError(f"{said!r} names several calls: {listed}. Give more of the id.")


def explain(ledger: Ledger, said: str) -> dict[str, Any]:
    """All that there is to say of the call that *said* names."""
    named = {"call_id": find_call(ledger, said)}
    (call,) = objects(ledger.query(CALL, named))
    reports = [_report(row) for row in objects(ledger.query(REPORTS, named))]
    return {
        "call": call,
        "aliases": [row["alias"] for row in ledger.query(ALIASES, named).to_pylist()],
        "reports": reports,
        "fields": {name: _origin(call, reports, name) for name in FIELDS if call[name] is not None},
        "usage": {name: _origin(call, _by_usage(reports), name) for name in USAGE if call[name] is not None},
    }


def _report(row: Row) -> dict[str, Any]:
    dialect = _BY_NAME.get(row["dialect"])
    always = habits(dialect) if dialect else []
    return {**row, "corrections": always + (row["corrections"] or [])}


def _by_usage(reports: Sequence[Row]) -> list[Row]:
    """*reports* in the order in which their usage counts."""

    def place(report: Row) -> tuple[bool, int, int]:
        parts = sum(
            report[name] is not None for name in USAGE if name not in ("input_tokens", "output_tokens")
        )
        return report["input_tokens"] is None and report["output_tokens"] is None, report["rank"], -parts

    return sorted(reports, key=place)


def _origin(call: Row, reports: Sequence[Row], name: str) -> str:
    """Who said what the call has for this field."""
    telling = [report for report in reports if report[name] is not None]
    equal = next((report["source"] for report in telling if report[name] == call[name]), None)
    if equal is not None:
        return str(equal)
    if telling and name in USAGE:
        return f"{len(telling)} attempts of {telling[0]['source']}, summed"
    return ABOVE
