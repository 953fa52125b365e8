"""How long does what each page asks take in a ledger as large as a platform team's?

    python benchmarks/explorer.py --calls 10000000 DB    (DB is filled when it is not there: a minute a million calls)

A hundred calls a session, each with two new blocks of context in the interned form that the loader writes, over ninety
days, by 25 agents of 40 projects with eight models; a trace of 50,000 spans. Written straight into the tables
(explorer.sql), not through OTLP: what is measured is reading. Each question is asked twice, cold and at once again, of
the file without a collector; the browser's share is not in it.
"""

import argparse
import resource
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from hashlib import md5
from pathlib import Path
from typing import Any
from uuid import UUID

from otel_burn_collector.ledger.statements import statement
from otel_burn_collector.reader import Ledger, open_ledger
from otel_burn_collector.store.database import open_store
from otel_burn_dashboards import burning, judging, queries, tracing
from otel_burn_dashboards.scope import Scope, filters

PART = 1_000_000
DAYS = 90
SESSION = str(UUID(md5(b"s7").hexdigest()))
"""Names of sessions are random, as agents make them: zone maps find none of them."""


def statements() -> dict[str, str]:
    """The statements of explorer.sql by name."""
    text = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
    parts = text.split("-- name: ")[1:]
    return {name: sql for name, _, sql in (part.partition("\n") for part in parts)}


def fill(db: Path, calls: int, *, now: datetime) -> None:
    """Write *calls* calls that end about *now*, and everything that belongs to them."""
    sql, con = statements(), open_store(db)
    begin = (now - timedelta(days=DAYS)).replace(tzinfo=None)
    every = DAYS * 86400 / max(calls // 100, 1)
    for start in range(0, calls, PART):
        end = min(start + PART, calls)
        con.execute(sql["calls"], {"from": start, "to": end, "begin": begin, "every": every})
        for name in ("blocks", "firsts"):
            con.execute(sql[name], {"from": 2 * start, "to": 2 * end, "begin": begin})
    times = {"from": begin - timedelta(days=1), "to": now.replace(tzinfo=None) + timedelta(days=1)}
    for name in ("sessions", "tools"):
        con.execute(sql[name], times)
    for step in ("touch_sessions", "replace_quarters"):
        con.execute(statement(f"steps/{step}"))
    con.execute(sql["findings"])
    con.execute(sql["trace"], {"begin": (now - timedelta(hours=3)).replace(tzinfo=None)})
    con.execute("CHECKPOINT")
    con.close()


def asked(ledger: Ledger, now: datetime) -> Iterator[tuple[str, Callable[[], Any]]]:
    """What each page asks, by name."""
    everything, month = Scope(), Scope(now - timedelta(days=30))
    one_agent = Scope(filters=filters(["agent: agent-3"]))
    for name, scope in (("all", everything), ("30 days", month), ("one agent", one_agent)):
        yield (
            f"burn, {name}",
            lambda scope=scope: burning.burn(ledger, scope=scope, by="agent", then="model", now=now),
        )
    yield (
        "findings",
        lambda: judging.findings(ledger, scope=everything, tier="all", detector="all", expected=False),
    )
    for table in judging.TABLES:
        yield table, lambda table=table: judging.table(ledger, scope=month, name=table)
    yield "sessions", lambda: queries.sessions(ledger, scope=everything, newest=False)
    yield "session", lambda: queries.session(ledger, session=SESSION)
    yield "its blocks", lambda: queries.blocks(ledger, session=SESSION, turn=None)
    yield "trace, 50,000 spans", lambda: tracing.laid_out(ledger, trace="f" * 32, measure="time")


def main() -> None:
    """Fill the ledger if need be, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--calls", type=int, default=1_000_000)
    parser.add_argument("db", type=Path)
    options = parser.parse_args()
    db, now = options.db.absolute(), datetime.now(UTC)
    if not db.exists():
        fill(db, options.calls, now=now)
    print("| asked | cold, wall s | cold, CPU s | again, wall s | again, CPU s |\n|---|---|---|---|---|")
    ledger = open_ledger(db)
    for name, question in asked(ledger, now):
        cells = []
        for _ in range(2):
            wall, cpu = time.perf_counter(), time.process_time()
            with ledger.together():
                question()
            cells += [f"{time.perf_counter() - wall:.2f}", f"{time.process_time() - cpu:.2f}"]
        print(f"| {name} | {' | '.join(cells)} |", flush=True)
    print(f"\nPeak memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10} MiB")


if __name__ == "__main__":
    main()
