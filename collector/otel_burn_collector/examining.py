"""What is wrong in the ledger that a user should know? What `otel-burn doctor` says of it."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

from otel_burn.errors import BurnError
from otel_burn.wording import plural
from otel_burn_collector.journal.records import TORN_END
from otel_burn_collector.ledger import dialects
from otel_burn_collector.reader import Ledger, open_ledger

Said = tuple[str, str, str]
"""A level (`ok`, `note`, `problem`), what it is about, and a sentence."""

UNKNOWN: Final = """
    SELECT attribute, concat_ws(' ', scope_name, arg_max(scope_version, last_at)) AS who, sum(spans)::BIGINT AS spans,
           arg_max(example, last_at) AS example
    FROM store.unknown_usage GROUP BY attribute, scope_name ORDER BY spans DESC, attribute LIMIT 12
"""
UNACCOUNTED: Final = """
    SELECT metric.service_name, metric.metric, metric.model, metric.input_tokens, metric.output_tokens,
           coalesce(sum(call.input_tokens), 0)::BIGINT AS counted_input,
           coalesce(sum(call.output_tokens), 0)::BIGINT AS counted_output
    FROM usage_metrics AS metric
    LEFT JOIN llm_calls AS call
           ON coalesce(call.service_name, '') = metric.service_name
          AND regexp_replace(coalesce(call.response_model, call.request_model), '^.*/', '')
              = regexp_replace(metric.model, '^.*/', '')
          AND call.started_at BETWEEN metric.started_at - INTERVAL 1 HOUR AND metric.ended_at + INTERVAL 1 HOUR
    GROUP BY ALL
    HAVING metric.input_tokens > counted_input OR metric.output_tokens > counted_output
    ORDER BY metric.service_name, metric.model, metric.metric
"""
CORRECTED: Final = """
    SELECT source, correction, count(*) AS reports
    FROM (SELECT source, unnest(corrections) AS correction FROM reports WHERE corrections IS NOT NULL)
    GROUP BY ALL ORDER BY reports DESC, source LIMIT 12
"""
DIALECTS: Final = """
    SELECT dialect, min(source) AS source, count(*) AS reports, count(*) FILTER (usage_status = 'partial') AS partial
    FROM (SELECT dialect, source, call_id FROM reports)
    LEFT JOIN (SELECT call_id, usage_status FROM llm_calls) USING (call_id)
    GROUP BY dialect ORDER BY dialect
"""
DAMAGED: Final = """
    SELECT count(*) AS times, sum(bytes)::BIGINT AS bytes, strftime(max(found_at), '%Y-%m-%d %H:%M') AS last_at,
           arg_max(reason, found_at) AS reason, arg_max(kept_in, found_at) AS kept_in
    FROM journal.damage WHERE reason <> $torn_end HAVING count(*) > 0
"""
WITHOUT: Final = """
    SELECT sources[1] AS source, count(*) AS calls FROM llm_calls
    WHERE usage_status = 'missing' AND status = 'ok' GROUP BY ALL ORDER BY calls DESC, source LIMIT 6
"""


def examine(db: Path) -> list[Said]:
    """What there is to say of the ledger in *db*; nothing where there is none."""
    if not db.exists():
        return []
    try:
        with open_ledger(db) as ledger:
            return [
                said
                for look in (_damaged, _unknown, _unaccounted, _leaving_out, _corrected, _without)
                for said in look(ledger)
            ]
    except BurnError as error:
        return [("problem", "ledger", str(error))]


def _rows(ledger: Ledger, sql: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = ledger.query(sql).to_pylist()
    return found


def _damaged(ledger: Ledger) -> Iterator[Said]:
    for row in ledger.query(DAMAGED, {"torn_end": TORN_END}).to_pylist():
        kept = f" What there is of it is kept in {row['kept_in']}" if row["kept_in"] else ""
        yield (
            "problem",
            "damage",
            f"{row['times']:,} times something of what was acknowledged could not be read ({row['bytes']:,} bytes of "
            f"the journal; `otel-burn sql 'FROM journal.damage'` lists them). Lastly, {row['last_at']} UTC: "
            f"{row['reason'].rstrip('.')}.{kept}",
        )


def _unknown(ledger: Ledger) -> Iterator[Said]:
    for row in _rows(ledger, UNKNOWN):
        who = row["who"] or "a scope without a name"
        yield (
            "problem",
            "unknown usage",
            f"{who} says {row['attribute']} ({plural(row['spans'], 'time')}, lastly {row['example']}), which we do not "
            "know: tokens may be missing from its calls, or priced wrong. A newer otel-burn may know it",
        )


def _unaccounted(ledger: Ledger) -> Iterator[Said]:
    for row in _rows(ledger, UNACCOUNTED):
        parts = ", ".join(_more(row, name) for name in ("input", "output") if _is_more(row, name))
        yield (
            "note",
            "not accounted for",
            f"{row['metric']} of {row['service_name'] or 'a nameless service'} has {parts} of {row['model']} "
            "than its calls: reports of calls were lost, or never made",
        )


def _is_more(row: dict[str, Any], name: str) -> bool:
    return (row[f"{name}_tokens"] or 0) > int(row[f"counted_{name}"])


def _more(row: dict[str, Any], name: str) -> str:
    return f"{row[f'{name}_tokens'] - row[f'counted_{name}']:,} more {name} tokens"


def _leaving_out(ledger: Ledger) -> Iterator[Said]:
    """What emitters are known to get wrong, or to leave out, beyond correction."""
    known = {each.name: each for each in dialects.DIALECTS}
    for row in _rows(ledger, DIALECTS):
        dialect = known.get(row["dialect"])
        if dialect is not None and dialect.leaves_out and row["partial"]:
            left_out = f"it leaves out {dialect.leaves_out}, and no other report of the call tells them"
            yield "note", "left out", f"{row['source']}, {plural(row['partial'], 'report')}: {left_out}"
        if dialect is not None and dialect.remark:
            yield "note", "left out", f"{row['source']}, {plural(row['reports'], 'report')}: {dialect.remark}"


def _corrected(ledger: Ledger) -> Iterable[Said]:
    return (
        ("note", "corrected", f"{row['source']}, {plural(row['reports'], 'report')}: {row['correction']}")
        for row in _rows(ledger, CORRECTED)
    )


def _without(ledger: Ledger) -> Iterable[Said]:
    return (
        (
            "note",
            "without usage",
            f"{row['source']} reports {plural(row['calls'], 'call')} that went well, without usage",
        )
        for row in _rows(ledger, WITHOUT)
    )


_LOOKS: Final = (_unknown, _unaccounted, _leaving_out, _corrected, _without)
