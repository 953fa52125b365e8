"""What do log records say of the call in whose span they were written? A message a record, reduced to its blocks.

Records and their span arrive in any order and in several batches, so `store.spoken` keeps each until its rows as
received are purged, without a word of it; whatever arrives, the manifest of the span's report is made anew of all.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

import duckdb
import pyarrow as pa

from otel_burn_collector.ledger import speaking
from otel_burn_collector.ledger.contents import manifest_of, manifest_of_message
from otel_burn_collector.ledger.listing import store_lists
from otel_burn_collector.ledger.report_rows import MANIFESTS, table
from otel_burn_collector.ledger.statements import count, frame, objects, registered, run

SPOKEN: Final = pa.schema(
    {
        **{name: pa.string() for name in ("log_id", "trace_id", "span_id")},
        "spoken_at": pa.timestamp("ns"),
        "place": pa.int64(),
        "arrived": pa.int64(),
        "bare": pa.bool_(),
        **{
            field.name: field.type
            for field in MANIFESTS
            if field.name
            not in (
                "unit",
                "report_id",
                "started_at",
                "status",
                "chain_key",
                "base_key",
                "base_blocks",
                "blocks",
            )
        },
    }
)
PLACES: Final = ("gen_ai.message.index", "CHAT_MESSAGE_INDEX")
"""Where some say the message's place."""

Record = Mapping[str, Any]


def hear(con: duckdb.DuckDBPyConnection, records: pa.Table) -> bool:
    """Store what *records* say, and list anew the contexts of the calls that they, or the batch's spans, belong to.

    `unblocked` has the reports whose contexts waited for one of these, if it returns true.
    """
    with registered(con, new_spoken=table(_rows(objects(records)), SPOKEN)):
        run(con, "insert_spoken", "find_heard")
    if not count(con, "heard"):
        return False
    run(con, "leave_heard")
    with registered(con, new_manifests=frame(con, "read_heard").select(MANIFESTS.names).cast(MANIFESTS)):
        return store_lists(con)


def _rows(records: Iterable[Record]) -> list[dict[str, Any]]:
    return [row for record in records if (row := _row(record)) is not None]


def _row(record: Record) -> dict[str, Any] | None:
    told = dict(record["attributes"])
    body = speaking.unpacked(record["body"])
    said = speaking.message(
        record["event_name"], {**told, **(body if isinstance(body, dict) else {"content": body})}
    )
    if said is None:
        manifest, bare = manifest_of({**told, **_texts(body)}), False
    else:
        manifest, bare = manifest_of_message(said), said.is_bare and not said.is_answer
    if not (manifest or bare):
        return None
    place = next((told[name] for name in PLACES if (told.get(name) or "").isdecimal()), None)
    return manifest | {
        "log_id": record["log_id"],
        "trace_id": record["trace_id"],
        "span_id": record["span_id"],
        "spoken_at": record["at"],
        "place": None if place is None else int(place[:9]),
        "arrived": record["row"],
        "bare": bare,
    }


def _texts(body: Any) -> dict[str, str]:
    """A body's members as attributes are: texts."""
    members = body if isinstance(body, dict) else {}
    return {
        name: value if isinstance(value, str) else speaking.write_json(value)
        for name, value in members.items()
    }
