"""What does the store process do? It owns the database, loads the journal, answers SQL."""

import logging
import sys

import duckdb

from otel_burn.errors import BurnError
from otel_burn_collector.process import HttpServer, tell, told
from otel_burn_collector.settings import AGAIN, Settings
from otel_burn_collector.store import erasing
from otel_burn_collector.store.app import Answers
from otel_burn_collector.store.faults import is_damage
from otel_burn_collector.store.loader import Loader
from otel_burn_collector.store.measuring import measure
from otel_burn_collector.store.memory import limit_memory
from otel_burn_collector.store.overdue import Watch
from otel_burn_collector.store.queries import Limits
from otel_burn_collector.store.recovery import open_or_recover, suspect

STOP_PATIENCE = 20.0
"""Seconds in which a stopping store loads what is journalled; the rest is loaded at the next start."""

log = logging.getLogger(__name__)


def main() -> None:
    """Serve until the supervisor says stop, the database fails, or something has to be erased from it."""
    start = told("store")
    settings = start.settings
    limit_memory()
    con = _open(settings)
    loader = Loader(
        con,
        settings.db,
        settings.journal,
        lambda: server.stop(),
        settings.keeping,
        make_room=lambda: answers.interrupt("memory is short"),
    )
    answers = Answers(
        con,
        settings.token,
        loader.status,
        Limits(seconds=settings.query_seconds),
        back_up=loader.upkeep.back_up,
        on_damage=lambda: server.stop(),
        measure=lambda: measure(con, settings.db, settings.journal, loader.loaded),
    )
    Watch(con, answers.running).start()
    server = HttpServer(
        answers.app(),
        start.listeners,
        on_serving=lambda: tell({"ready": {"segment": loader.loaded.segment}}),
    )
    loader.start()
    server.serve_inherited()
    answers.interrupt("the collector ends")
    loader.stop(STOP_PATIENCE)
    con.close()
    if answers.damage or (loader.failure is not None and is_damage(loader.failure)):
        suspect(settings.data_dir, answers.damage or str(loader.failure))
    if loader.failure is not None:
        sys.exit(1)
    if loader.erasing:
        sys.exit(AGAIN)


def _open(settings: Settings) -> duckdb.DuckDBPyConnection:
    """The database, without what is forgotten in any copy."""
    con = open_or_recover(settings.db, settings.data_dir, settings.journal)
    last = erasing.pending(con)
    if last is None:
        return con
    con.close()
    log.info("What was forgotten is erased: the database is written anew and backed up, older copies go.")
    try:
        erasing.write_anew(settings.db)
        erasing.drop_copies(settings.db, settings.data_dir, last)
    except (BurnError, OSError, duckdb.Error) as error:
        log.error("What was forgotten is in no table, but not erased from older copies yet. %s", error)
        return open_or_recover(settings.db, settings.data_dir, settings.journal)
    con = open_or_recover(settings.db, settings.data_dir, settings.journal)
    erasing.finish(con)
    return con
