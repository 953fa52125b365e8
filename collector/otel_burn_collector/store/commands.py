"""Which writes may be asked of a collector besides telemetry? A closed set of verbs, journalled like everything."""

import json
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import duckdb
import pyarrow as pa

from otel_burn_collector import ledger
from otel_burn_collector.journal.records import Record
from otel_burn_collector.ledger import forgetting, periods, retention
from otel_burn_collector.ledger.imported_files import imported_files, replace_imported_files
from otel_burn_collector.store import erasing


def replace_findings(
    *, detectors: Sequence[str], partitions: Mapping[str, str | None], findings: pa.Table
) -> bytes:
    """The command that puts *findings* in the place of what *detectors* said of *partitions*, judged in that state."""
    rows = findings.select(ledger.FINDINGS.names).cast(ledger.FINDINGS)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, rows.schema) as writer:
        writer.write_table(rows)
    return json.dumps(
        {
            "verb": "replace_findings",
            "detectors": list(detectors),
            "partitions": dict(partitions),
            "findings": b64encode(sink.getvalue()).decode(),
        }
    ).encode()


def mark(*, finding_id: str, expected: bool, note: str | None, marked_at: int) -> bytes:
    """The command that says of a finding whether it is expected, as of *marked_at* (ns)."""
    said = {"finding_id": finding_id, "expected": expected, "note": note, "marked_at": marked_at}
    return json.dumps({"verb": "mark", **said}).encode()


def retain(before: Mapping[str, int]) -> bytes:
    """The command that has everything of each layer before its moment (ns) purged."""
    return json.dumps({"verb": "retain", "before": dict(before)}).encode()


def forget(field: str, value: str, key: str) -> bytes:
    """The command that has a user, a session or a project forgotten; *key* tells it from others."""
    return json.dumps({"verb": "forget", "field": field, "value": value, "key": key}).encode()


def imported(files: Sequence[Mapping[str, Any]]) -> bytes:
    """The command that remembers how far session logs are imported: rows of `imported_files.IMPORTED_FILES`."""
    return json.dumps({"verb": "imported", "files": list(files)}).encode()


def check(command: Any) -> None:
    """Raise `ValueError` unless *command* is one that `execute` can carry out."""
    verb = command.get("verb") if isinstance(command, dict) else None
    if verb not in _VERBS:
        raise ValueError(f"there is no command {verb!r}; there is: {', '.join(['import', *_VERBS])}")
    _VERBS[verb][0](command)


def execute(con: duckdb.DuckDBPyConnection, record: Record) -> None:
    """Carry out a journalled command, inside the caller's transaction."""
    command = json.loads(record.payload)
    check(command)
    _VERBS[command["verb"]][1](con, command, record)


def _check_findings(command: dict[str, Any]) -> None:
    if not _all_strings(_detectors(command)):
        raise ValueError("replace_findings needs `detectors`, a list of strings")
    partitions = _partitions(command)
    if not _all_strings(partitions) or not _all_strings([*filter(None, partitions.values())]):
        raise ValueError("replace_findings needs `partitions`, an object from names to states (strings)")
    found = _findings(command).schema
    if not found.equals(ledger.FINDINGS):
        raise ValueError(f"replace_findings got the columns {found.names}, wants {ledger.FINDINGS.names}")


def _findings(command: dict[str, Any]) -> pa.Table:
    try:
        with pa.ipc.open_stream(b64decode(command["findings"], validate=True)) as stream:
            table = stream.read_all()
        table.validate(full=True)
    except (KeyError, TypeError, ValueError, pa.ArrowException, OSError) as error:
        raise ValueError(f"replace_findings needs `findings`, an Arrow stream in base64 ({error})") from error
    return table


def _all_strings(values: Any) -> bool:
    return isinstance(values, list | dict) and all(isinstance(one, str) for one in values)


def _detectors(command: dict[str, Any]) -> Any:
    # Journals have commands of older versions, with one detector and no states.
    return command["detectors"] if "detectors" in command else [command.get("detector")]


def _partitions(command: dict[str, Any]) -> dict[str, str | None]:
    partitions = command.get("partitions")
    if isinstance(partitions, list):
        return dict.fromkeys(partitions)
    if not isinstance(partitions, dict):
        raise ValueError("replace_findings needs `partitions`, an object from names to states (strings)")
    return partitions


def _replace_findings(con: duckdb.DuckDBPyConnection, command: dict[str, Any], _: Record) -> None:
    ledger.replace_findings(
        con,
        detectors=_detectors(command),
        partitions=_partitions(command),
        findings=_findings(command),
    )


def _check_retain(command: dict[str, Any]) -> None:
    before = command.get("before")
    if not isinstance(before, dict) or not before or not set(before) <= set(retention.LAYERS):
        raise ValueError(f"retain needs `before`, moments by layer ({', '.join(retention.LAYERS)})")
    if not all(isinstance(at, int) and 0 <= at < 1 << 63 for at in before.values()):
        raise ValueError("retain needs `before` in nanoseconds since 1970")


def _retain(con: duckdb.DuckDBPyConnection, command: dict[str, Any], _: Record) -> None:
    for layer, before in command["before"].items():
        retention.want(con, layer, before)


def _check_forget(command: dict[str, Any]) -> None:
    if command.get("field") not in forgetting.FIELDS:
        raise ValueError(f"forget needs `field`, one of {', '.join(forgetting.FIELDS)}")
    if not all(isinstance(command.get(name), str) and command[name] for name in ("value", "key")):
        raise ValueError("forget needs `value` and `key`, two strings")


def _forget(con: duckdb.DuckDBPyConnection, command: dict[str, Any], record: Record) -> None:
    found = forgetting.forget(con, command["field"], command["value"])
    erasing.want(con, command["key"], record.start.segment, found)


def close_period(*, period: str, closed_at: int) -> bytes:
    """The command that closes a month, as 2026-10, and all before it."""
    return json.dumps({"verb": "close_period", "period": period, "closed_at": closed_at}).encode()


def reprice(*, since: int) -> bytes:
    """The command that has all calls since then (ns) priced again, but those of closed months."""
    return json.dumps({"verb": "reprice", "since": since}).encode()


def _check_close(command: dict[str, Any]) -> None:
    if not isinstance(command.get("period"), str) or not periods.PERIOD.fullmatch(command["period"]):
        raise ValueError(f"close_period needs `period`, a month as 2026-10, got {command.get('period')!r}")
    _check_moment(command, "closed_at")


def _check_reprice(command: dict[str, Any]) -> None:
    _check_moment(command, "since")


def _check_moment(command: dict[str, Any], name: str) -> None:
    at = command.get(name)
    if not isinstance(at, int) or isinstance(at, bool) or not 0 <= at < 1 << 63:
        raise ValueError(f"{command['verb']} needs `{name}` in nanoseconds since 1970, got {at!r}")


def _close(con: duckdb.DuckDBPyConnection, command: dict[str, Any], _: Record) -> None:
    periods.close_period(con, command["period"], command["closed_at"])


def _reprice(con: duckdb.DuckDBPyConnection, command: dict[str, Any], _: Record) -> None:
    periods.reprice(con, command["since"])


_MARK = {"finding_id": str, "expected": bool, "note": str | None, "marked_at": int}
_MARK_BYTES = 4096


def _check_mark(command: dict[str, Any]) -> None:
    for name, kind in _MARK.items():
        value = command.get(name)
        if not isinstance(value, kind) or isinstance(value, bool) != (kind is bool):
            raise ValueError(f"mark needs `{name}`, got {value!r}")
    if len(command["finding_id"] + (command["note"] or "")) > _MARK_BYTES:
        raise ValueError(f"mark takes a finding_id and a note of {_MARK_BYTES:,} characters at most")
    if not 0 <= command["marked_at"] < 1 << 63:
        raise ValueError("mark needs `marked_at` in nanoseconds since 1970")


def _mark(con: duckdb.DuckDBPyConnection, command: dict[str, Any], _: Record) -> None:
    ledger.mark(con, **{name: command[name] for name in _MARK})


def _check_imported(command: dict[str, Any]) -> None:
    files = command.get("files")
    if not isinstance(files, list) or not all(isinstance(one, dict) for one in files):
        raise ValueError("imported needs `files`, a list of objects")
    if any(column.null_count for column in imported_files(files).columns):
        raise ValueError("imported needs all fields of each of `files`")


def _imported(con: duckdb.DuckDBPyConnection, command: dict[str, Any], _: Record) -> None:
    replace_imported_files(con, imported_files(command["files"]))


_Check = Callable[[dict[str, Any]], None]
_Execute = Callable[[duckdb.DuckDBPyConnection, dict[str, Any], Record], None]
_VERBS: dict[str, tuple[_Check, _Execute]] = {
    "replace_findings": (_check_findings, _replace_findings),
    "mark": (_check_mark, _mark),
    "retain": (_check_retain, _retain),
    "close_period": (_check_close, _close),
    "reprice": (_check_reprice, _reprice),
    "forget": (_check_forget, _forget),
    "imported": (_check_imported, _imported),
}
END_SEGMENT = frozenset({"forget"})
"""Commands that are the last of their segment, which is emptied once they are carried out."""
