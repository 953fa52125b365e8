"""What do the ledger's tests share? A ledger, and spans as emitters write them."""

import hashlib
import itertools
import json
import random
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import pyarrow as pa
import pytest

from otel_burn_collector import ledger
from otel_burn_collector.batch import LOGS, METRICS, SPANS, Batch
from otel_burn_collector.decode import decode
from otel_burn_collector.journal.records import Encoding, Kind, Position, Record
from otel_burn_collector.otlp.bodies import parse
from otel_burn_collector.otlp.signals import BY_KIND
from otel_burn_collector.recognition import bodies_in

START = 1_795_345_760 * 10**9
SECOND = 10**9
VIEWS = ("llm_calls", "attempts", "context_blocks", "tool_calls", "sessions", "quarters")
WRITTEN_ONCE = ("schema_version", "dialect_fields", "rates", "rates_version")
Row = dict[str, Any]


class Block(NamedTuple):
    """A block of a context, as a manifest lists it."""

    kind: str
    hash: str
    bytes: int = 9
    tool: str = ""
    tool_call_id: str = ""
    error: str = ""
    sketch: str = ""


class Emitter:
    """Writes the manifests of one process, version 2: names what it listed before, and lists the rest."""

    def __init__(self, seed: int | None = None) -> None:
        self.random = None if seed is None else random.Random(seed)
        self._listed: list[list[Block]] = []

    def said(self, blocks: Sequence[Block], answer: Sequence[Block] | None = ()) -> dict[str, Any]:
        """The manifest of *blocks*: a delta where it can, unless the seed says otherwise. None: a broken answer."""
        base, shared = self._base(list(blocks))
        self._listed.append(list(blocks))
        rest = [_unnamed(block, blocks[:place]) for place, block in enumerate(blocks) if place >= shared]
        said: dict[str, Any] = {
            "burn.context.version": 2,
            "burn.context.status": "delta" if shared else "full",
            "burn.context.chain": _chain(blocks),
            "burn.context.blocks": len(blocks),
        }
        said |= {"burn.context.base": _chain(base), "burn.context.base_blocks": shared} if shared else {}
        names = ("kinds", "hashes", "bytes", "tools", "tool_call_ids", "errors", "sketches")
        columns = [[block[number] for block in rest] for number in range(len(names))]
        said |= {
            f"burn.context.{name}": values
            for name, values in zip(names, columns, strict=True)
            if any(values) or name in names[:3]
        }
        if answer is not None:
            for number, name in enumerate(names[:3]):
                said[f"burn.output.{name}"] = [block[number] for block in answer]
        return said

    def _base(self, blocks: list[Block]) -> tuple[list[Block], int]:
        if not self._listed or (self.random and self.random.random() < 0.2):
            return [], 0
        known = [(_shared(each, blocks), number, each) for number, each in enumerate(self._listed)]
        shared, _, base = self.random.choice(known) if self.random else max(known)
        return base, shared


def _unnamed(block: Block, before: Sequence[Block]) -> Block:
    """A tool result leaves its tool to the tool call before it."""
    asked = any(each.kind == "tool_call" and each.tool_call_id == block.tool_call_id for each in before)
    return block._replace(tool="") if block.kind == "tool_result" and asked else block


def _chain(blocks: Sequence[Block]) -> str:
    return hashlib.blake2b(repr([tuple(block) for block in blocks]).encode(), digest_size=8).hexdigest()


def _shared(left: Sequence[Block], right: Sequence[Block]) -> int:
    pairs = itertools.takewhile(lambda pair: pair[0] == pair[1], zip(left, right, strict=False))
    return sum(1 for _ in pairs)


class World:
    """A ledger, with the spans that tests put into it."""

    def __init__(self, blank: Path, db: Path) -> None:
        shutil.copyfile(blank, db)
        self.db = db
        self.con = duckdb.connect(db, config={"enable_external_access": "false"})
        self._ids = itertools.count(1)
        self.con.execute("SET lock_configuration = true")  # as the store has it

    def close(self) -> None:
        """Let go of the ledger, which nobody looks at any more."""
        self.con.close()
        self.db.unlink()

    def span(
        self,
        scope: str,
        attributes: Mapping[str, Any] | None = None,
        *,
        parent: Row | None = None,
        at: float = 0.0,
        seconds: float = 1.0,
        **columns: Any,
    ) -> Row:
        """A span as the decoder gives it, *at* seconds after the start of the world."""
        number = next(self._ids)
        row: Row = dict.fromkeys(SPANS.names)
        row |= {
            "trace_id": parent["trace_id"] if parent else f"{number:032x}",
            "span_id": f"{number:016x}",
            "parent_span_id": parent and parent["span_id"],
            "name": "chat claude-opus-4-8",
            "kind": "CLIENT",
            "started_at": START + int(at * SECOND),
            "ended_at": START + int((at + seconds) * SECOND),
            "status": "UNSET",
            "service_name": "agent",
            "scope_name": scope,
            "attributes": _texts(attributes or {}),
            "resource": {"service.name": "agent", "service.instance.id": "process-1"},
        }
        return row | columns

    def chat(self, scope: str = "otel_burn", **options: Any) -> Row:
        """A span that reports a call of 1000 input tokens, 800 of them from the cache, and 20 output tokens."""
        said = {
            "gen_ai.operation.name": "chat",
            "gen_ai.provider.name": "anthropic",
            "gen_ai.request.model": "claude-opus-4-8",
            "gen_ai.usage.input_tokens": 1000,
            "gen_ai.usage.cache_read.input_tokens": 800,
            "gen_ai.usage.output_tokens": 20,
        }
        said |= options.pop("attributes", {})
        return self.span(scope, {name: value for name, value in said.items() if value is not None}, **options)

    def log(self, scope: str, event: str, attributes: Mapping[str, Any], *, at: float = 0.0) -> Row:
        """A log record as the decoder gives it."""
        row: Row = dict.fromkeys(LOGS.names)
        return row | {
            "log_id": f"{next(self._ids):032x}",
            "at": START + int(at * SECOND),
            "event_name": event,
            "service_name": "agent",
            "scope_name": scope,
            "attributes": _texts(attributes),
            "resource": {"service.name": "agent"},
        }

    def load(self, *spans: Row, logs: Sequence[Row] = (), later: bool = False) -> None:
        """Load one batch; its calls are derived at once, or *later*, with those of the next one that is not put off."""
        batch = Batch(
            spans=pa.Table.from_pylist([_maps(row) for row in spans], schema=SPANS),
            logs=pa.Table.from_pylist([_maps(row) for row in logs], schema=LOGS),
            metrics=METRICS.empty_table(),
        )
        if later:
            self.put_off(batch)
        else:
            self.apply(batch)

    def apply(self, batch: Batch) -> None:
        """Load one batch and derive its calls."""
        self.con.begin()
        ledger.apply(self.con, batch)
        self.con.commit()

    def receive(self, pieces: Iterable["Piece"], *, later: bool = False) -> None:
        """Load requests as one batch; see `load`."""
        said = [(each.kind, Encoding.PLAIN, each.request.SerializeToString()) for each in pieces]
        (self.put_off if later else self.apply)(batch_of(said))

    def restart(self) -> None:
        """Let go of the ledger and open it again."""
        self.con.close()
        self.con = duckdb.connect(self.db, config={"enable_external_access": "false"})

    def put_off(self, batch: Batch) -> None:
        """Load one batch, as the store does while more is coming."""
        self.con.begin()
        ledger.receive(self.con, ledger.incoming(batch))
        self.con.commit()

    def settle(self) -> None:
        """Derive what was put off, as the store does when nothing comes any more."""
        self.con.begin()
        ledger.derive_pending(self.con)
        self.con.commit()

    def empty(self) -> None:
        """Forget every row of every batch: what `create` wrote stays."""
        for (table,) in self.con.sql(
            "SELECT table_name FROM duckdb_tables() WHERE schema_name = 'store'"
        ).fetchall():
            if table not in WRITTEN_ONCE:
                self.con.execute(f"DELETE FROM store.{table}")

    def rebuild(self) -> None:
        """Derive everything again."""
        self.con.begin()
        ledger.rebuild(self.con)
        self.con.commit()

    def rows(self, sql: str) -> list[Row]:
        """The rows of a query."""
        found: list[Row] = self.con.sql(sql).to_arrow_table().to_pylist()
        return found

    def calls(self) -> list[Row]:
        """All calls, in the order of their start."""
        return self.rows("FROM llm_calls ORDER BY started_at, call_id")

    def call(self) -> Row:
        """The one call that there is."""
        (found,) = self.calls()
        return found


def _texts(attributes: Mapping[str, Any]) -> dict[str, str]:
    return {
        name: value if isinstance(value, str) else json.dumps(value) for name, value in attributes.items()
    }


def _maps(row: Row) -> Row:
    return row | {name: list(row[name].items()) for name in ("attributes", "resource")}


@pytest.fixture(scope="session")
def blank(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ledger without rows: to copy it takes a tenth of making it."""
    db = tmp_path_factory.mktemp("ledger") / "blank.duckdb"
    with duckdb.connect(db) as con:
        ledger.create(con)
    return db


@pytest.fixture
def make_world(blank: Path, tmp_path: Path) -> Iterator[Callable[[], World]]:
    """Makes ledgers."""
    made: list[World] = []

    def make() -> World:
        made.append(World(blank, tmp_path / f"world-{len(made)}.duckdb"))
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.fixture
def world(make_world: Callable[[], World]) -> World:
    """A ledger."""
    return make_world()


def batch_of(bodies: Iterable[tuple[Kind, Encoding, bytes]]) -> Batch:
    """What the collector's decoder makes of these requests."""
    nowhere = Position(0, 0)
    return decode([Record(kind, encoding, START, body, nowhere, nowhere) for kind, encoding, body in bodies])


@pytest.fixture
def read_folder() -> Any:
    """Reads a folder of OTLP files into one batch."""

    def read(folder: Path) -> Batch:
        bodies = (
            body for file in sorted(folder.iterdir()) for body in bodies_in(file.name, file.read_bytes())[0]
        )
        return batch_of((body.signal.kind, body.encoding, body.data) for body in bodies)

    return read


class Piece(NamedTuple):
    """A request."""

    kind: Kind
    request: Any

    def items(self) -> Iterator[tuple[Any, Any, Any]]:
        """Its spans, log records or metrics, each behind its resource and scope."""
        resources, scopes, items = LEVELS[self.kind]
        for resource in getattr(self.request, resources):
            for scope in getattr(resource, scopes):
                for item in getattr(scope, items):
                    yield resource, scope, item

    @classmethod
    def of(cls, kind: Kind, items: Iterable[tuple[Any, Any, Any]], *, grouped: bool = False) -> "Piece":
        """A request of *items*, each below a resource and scope of its own, or with those that are equal *grouped*."""
        resources, scopes, name = LEVELS[kind]
        request = BY_KIND[kind].request()
        above: dict[bytes, Any] = {}
        for resource, scope, item in items:
            keys = [each.SerializeToString(deterministic=True) for each in (resource.resource, scope.scope)]
            mine = above.get(keys[0]) if grouped else None
            if mine is None:
                mine = above[keys[0]] = getattr(request, resources).add()
                mine.resource.CopyFrom(resource.resource)
            place = above.get(b"|".join(keys)) if grouped else None
            if place is None:
                place = above[b"|".join(keys)] = getattr(mine, scopes).add()
                place.scope.CopyFrom(scope.scope)
            getattr(place, name).add().CopyFrom(item)
        return cls(kind, request)


LEVELS = {
    Kind.TRACES: ("resource_spans", "scope_spans", "spans"),
    Kind.LOGS: ("resource_logs", "scope_logs", "log_records"),
    Kind.METRICS: ("resource_metrics", "scope_metrics", "metrics"),
}


@pytest.fixture(scope="session")
def piece() -> type[Piece]:
    """Makes requests."""
    return Piece


@pytest.fixture(scope="session")
def read_pieces() -> Callable[[Path], list[Piece]]:
    """Reads a folder of OTLP files into its requests."""

    def read(folder: Path) -> list[Piece]:
        found = (
            body for file in sorted(folder.iterdir()) for body in bodies_in(file.name, file.read_bytes())[0]
        )
        return [Piece(body.signal.kind, parse(body.signal, body.data, body.encoding)) for body in found]

    return read


@pytest.fixture(scope="session")
def native(tmp_path_factory: pytest.TempPathFactory) -> Batch:
    """What the anthropic SDK's own tracing and otel_burn saw of the calls in native_agent.py."""
    target = tmp_path_factory.mktemp("native") / "spans.pb"
    agent = Path(__file__).with_name("native_agent.py")
    subprocess.run([sys.executable, str(agent), str(target)], check=True, timeout=120)
    return batch_of([(Kind.TRACES, Encoding.PLAIN, target.read_bytes())])


@pytest.fixture
def empty_worlds(make_world: Callable[[], World]) -> Callable[[], tuple[World, World]]:
    """Gives two empty ledgers, the same two for each example of a property."""
    worlds = make_world(), make_world()

    def give() -> tuple[World, World]:
        for each in worlds:
            each.empty()
        return worlds

    return give


@pytest.fixture
def make_emitter() -> type[Emitter]:
    """Makes emitters of manifests."""
    return Emitter


@pytest.fixture
def block() -> type[Block]:
    """Makes blocks."""
    return Block


@pytest.fixture
def picture() -> Any:
    """Everything that a ledger's views show, as texts: equal for equal ledgers."""

    def show(world: World) -> dict[str, list[str]]:
        return {view: sorted(map(repr, world.rows(f"FROM {view}"))) for view in VIEWS}

    return show
