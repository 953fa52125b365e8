"""What do spans and records report, in one vocabulary? Each by the first dialect that fits it, most by none."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from hashlib import md5
from typing import Any, Final, NamedTuple

from otel_burn_collector.ledger.attributes import Source
from otel_burn_collector.ledger.contents import manifest_of
from otel_burn_collector.ledger.dialect import NO_CALLS, OPERATION
from otel_burn_collector.ledger.dialects import DIALECTS, Dialect
from otel_burn_collector.ledger.dialects_of_agents import AGENTS
from otel_burn_collector.ledger.operations import OPERATION_NAMES
from otel_burn_collector.ledger.usage import usage_of
from otel_burn_collector.ledger.values import (
    first_of,
    number,
    provider_id,
    texts,
    token_count,
    usd,
    whole,
    wholes,
)
from otel_burn_collector.providers import PROVIDER_NAMES

SAYS_NOTHING: Final = ("", "null", "[]")
LONGEST_MS: Final = 1e9
LARGEST_EXTRA: Final = 1e15
TEXTS: Final = (
    "agent", "agent_id", "user_id", "work_id", "server_address", "request_model", "response_model",
    "response_id", "request_id", "operation", "error_type", "service_tier", "region", "usage_status",
    "logical_call", "parent_session_id",
)  # fmt: skip
"""Fields that a report takes as they are."""
LISTS: Final = (
    "kinds", "hashes", "tools", "tool_call_ids", "errors", "sketches", "output_kinds", "output_hashes",
    "asked_ids", "asked_names", "asked_hashes", "asked_effects", "asked_sketches",
)  # fmt: skip
_RENAMED: Final = {"operation": OPERATION_NAMES}
EMBEDDINGS: Final = ("embedding", "embeddings", "rerank")
MANIFEST: Final = frozenset({"hashes", "chain", "asked_names", "output_hashes"})
"""A report with one of these has a manifest."""

Record = Mapping[str, Any]
Row = dict[str, Any]
Fields = Mapping[str, str]


class Carrier(NamedTuple):
    """A field that an attribute may carry."""

    field: str
    position: int
    pattern: re.Pattern[str] | None
    meaning: str | None


class Read(NamedTuple):
    """What records say."""

    reports: Sequence[Row]
    manifests: Sequence[Row]
    unread: Sequence[Row]
    """Tokens that an agent we know tells in records that we don't: rows of `store.unknown_usage`."""


def read(records: Iterable[Record]) -> Read:
    """The reports among *records* (of `records.records`), their manifests, and what seems to be one and is not read."""
    reports, manifests, unread = [], [], []
    for record in records:
        said = record["attributes"]
        dialect = _dialect(record, said)
        if dialect is None:
            unread += [
                _unread(record, name)
                for name in _tokens_of(record["signal"], record["scope_name"] or "", said)
            ]
        if dialect is None or not dialect.counts:
            continue
        fields = _fields(dialect, said)
        report = _report(dialect, fields, record)
        reports.append(report)
        if not MANIFEST.isdisjoint(fields):
            manifests.append(_manifest(fields, report))
        elif lists := manifest_of(record["content"]) if record["content"] else {}:
            manifests.append(_listed(report) | lists)
    return Read(reports, manifests, unread)


def _tokens_of(signal: str, scope: str, said: Fields) -> Sequence[str]:
    """The first attribute by which an agent of this *scope* tells tokens of a call, where it says some."""
    if any(said.get(name) in NO_CALLS for name in OPERATION):
        return ()
    return [name for name in _token_names(signal, scope) if token_count(said.get(name))][:1]


@lru_cache(4096)
def _token_names(signal: str, scope: str) -> Sequence[str]:
    """Of agents alone: what others tell in the convention's names is read whatever they call it."""
    return [
        source
        for each in AGENTS
        if each.counts and each.signal == signal and re.fullmatch(each.scope, scope)
        for field in ("input_tokens", "output_tokens")
        for source in each.fields.get(field, ())
        if isinstance(source, str)
    ]


def _unread(record: Record, name: str) -> Row:
    """A row of `store.unknown_usage` for *record*."""
    return {
        "attribute": f"{name} in {record['event']}",
        "scope_name": record["scope_name"],
        "scope_version": record["scope_version"],
        "spans": 1,
        "last_at": record["ended_at"],
        "example": record["attributes"][name][:64],
    }


def _dialect(record: Record, said: Fields) -> Dialect | None:
    scope, version = record["scope_name"] or "", record["scope_version"] or ""
    candidates = _candidates(record["signal"], scope, version, record["event"] or "")
    failed = record["status"] == "ERROR"
    fitting = (
        dialect for dialect in candidates if _fits(dialect, said) and not (dialect.unless_failed and failed)
    )
    return next(fitting, None)


def _fits(dialect: Dialect, said: Fields) -> bool:
    # The first marker that the record has decides.
    marker = next((name for name in dialect.markers if name in said), None)
    if marker is None or said[marker] in dialect.unless_values:
        return False
    if dialect.marker_values is not None and said[marker] not in dialect.marker_values:
        return False
    if dialect.needs and not any(name in said for name in dialect.needs):
        return False
    return not any(name in said for name in dialect.lacks)


@lru_cache(4096)
def _candidates(signal: str, scope: str, version: str, event: str) -> Sequence[Dialect]:
    return [
        each
        for each in DIALECTS
        if each.signal == signal
        and re.fullmatch(each.scope, scope)
        and re.fullmatch(each.event, event)
        and _is_between(version, each.since, each.before)
    ]


def _is_between(version: str, since: str, before: str) -> bool:
    if not (since or before):
        return True
    said = _numbers(version)
    return bool(said) and _numbers(since) <= said and (not before or said < _numbers(before))


def _numbers(version: str) -> list[int]:
    return [int(part) for part in re.findall(r"\d+", version)]


@lru_cache
def _carriers(dialect_name: str) -> Mapping[str, Sequence[Carrier]]:
    (dialect,) = (each for each in DIALECTS if each.name == dialect_name)
    found: dict[str, list[Carrier]] = {}
    for field, sources in dialect.fields.items():
        for position, source in enumerate(sources):
            attribute, pattern, meaning = source if isinstance(source, Source) else (source, None, None)
            compiled = re.compile(pattern) if pattern else None
            found.setdefault(attribute, []).append(Carrier(field, position, compiled, meaning))
    return found


def _fields(dialect: Dialect, said: Fields) -> Fields:
    """What each field's best attribute says, that says something."""
    fields: dict[str, str] = {}
    positions: dict[str, int] = {}
    carriers = _carriers(dialect.name)
    for attribute, text in said.items():
        for carrier in carriers.get(attribute, ()):
            value = _found(carrier, text)
            if text in SAYS_NOTHING or not value:
                continue
            if carrier.position < positions.get(carrier.field, 99):
                positions[carrier.field], fields[carrier.field] = carrier.position, value
    return fields


def _found(carrier: Carrier, text: str) -> str | None:
    if carrier.pattern is None:
        return text
    found = carrier.pattern.search(text)
    return (carrier.meaning or found[1]) if found else None


def key_of(text: str) -> int:
    """A 64-bit key, the same as DuckDB's md5_number_lower."""
    return int.from_bytes(md5(text.encode(), usedforsecurity=False).digest()[8:], "little")


def _report(dialect: Dialect, fields: Fields, record: Record) -> Row:
    get, signal, scope = fields.get, record["signal"], record["scope_name"]
    trace_id, report_id = record["trace_id"], record["report_id"]
    version = record["scope_version"]
    report: Row = {name: fields[name] for name in TEXTS if name in fields}
    report |= {name: known[report[name]] for name, known in _RENAMED.items() if report.get(name) in known}
    if "response_id" in report:
        report["response_id"] = provider_id(report["response_id"])
    status = whole(get("http_status"))
    provider = get("provider")
    apart = get("apart", dialect.apart)
    said_scope = f"{scope} {apart}" if apart else scope
    emitter = (signal, said_scope, record["instance_id"] or record["service_name"])
    report |= {
        "unit": key_of(report_id if trace_id is None else trace_id),
        "report_id": report_id,
        "dialect": dialect.name,
        "rank": dialect.rank,
        "wire": dialect.wire,
        "signal": signal,
        "emitter": "|".join(part for part in emitter if part is not None),
        "source": (scope or "") + (f"@{version}" if version is not None else ""),
        "trace_id": trace_id,
        "span_id": record["span_id"],
        "parent_span_id": record["parent_span_id"],
        "started_at": _started(record, _duration_ms(fields)),
        "ended_at": record["ended_at"],
        "service_name": record["service_name"],
        "instance_id": record["instance_id"],
        "run_id": record["run_id"],
        "project": get("project") or record["project"],
        "session_id": get("session_id") or record["session_id"],
        "provider": PROVIDER_NAMES.get(provider, provider) if provider else dialect.provider,
        "stream": get("stream", "").lower() == "true" if "stream" in fields else None,
        "is_error": _failed(fields, record, status),
        "http_status": status,
        "finish_reason": first_of(get("finish_reason")),
        "ttft_ms": _milliseconds(number(get("ttft")), dialect),
        "reported_usd": usd(get("reported_usd")),
        "attempt": whole(get("attempt")),
    }
    if "own_id" in fields:
        # Some versions report a stream twice, in spans that begin at the same moment.
        report["logical_call"] = f"{fields['own_id']} {record['started_at']}"
    if get("speed") == "fast":
        report["service_tier"] = "fast"  # it decides the price, and the tier beside it says `standard`
    if dialect.leaves_out and "cache_read_tokens" not in fields and report.get("operation") not in EMBEDDINGS:
        report.setdefault("usage_status", "partial")
    return report | usage_of(dialect, fields, record["content"]) | {"extras": _extras(fields)}


def _extras(fields: Fields) -> str | None:
    found = {
        name[6:]: value
        for name, text in fields.items()
        if name.startswith("extra:") and (value := number(text)) is not None and 0 < value < LARGEST_EXTRA
    }
    return json.dumps(found, sort_keys=True) if found else None


def _duration_ms(fields: Fields) -> float | None:
    seconds = number(fields.get("duration_s"))
    return number(fields.get("duration_ms")) if seconds is None else seconds * 1000


def _started(record: Record, said_ms: float | None) -> int:
    """A log record knows its end and its duration; so does a span that stands for one, which has no length."""
    started: int = record["started_at"]
    is_moment = record["signal"] == "log" or record["ended_at"] - started < 1_000_000
    if is_moment and said_ms is not None and 0 <= said_ms <= LONGEST_MS:
        return started - round(said_ms * 1000) * 1000
    return started


def _failed(fields: Fields, record: Record, http_status: int | None) -> bool:
    return (
        record["status"] == "ERROR"
        or "error_type" in fields
        or fields.get("succeeded", "").lower() == "false"
        or (http_status is not None and http_status >= 400)
    )


def _milliseconds(ttft: float | None, dialect: Dialect) -> float | None:
    return None if ttft is None else ttft * dialect.ttft_factor


def _manifest(fields: Fields, report: Row) -> Row:
    manifest: Row = {name: texts(fields[name]) for name in LISTS if name in fields}
    manifest |= {name: wholes(fields.get(name)) for name in ("bytes", "output_bytes")}
    return manifest | {
        **_listed(report),
        "status": fields.get("context_status"),
        "chain_key": key_of(fields["chain"]) if "chain" in fields else None,
        "base_key": key_of(fields["base"]) if "base" in fields else None,
        "base_blocks": whole(fields.get("base_blocks"), 2**53),
        "blocks": whole(fields.get("blocks"), 2**53),
    }


def _listed(report: Row) -> Row:
    return {name: report[name] for name in ("unit", "report_id", "started_at")}
