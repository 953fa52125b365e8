"""The store process: owns the database, loads the journal, answers SQL."""

import sys

from otel_burn_collector.process import HttpServer, run_process, tell, told
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


def main() -> None:
    """Serve until the supervisor says stop, or the database fails."""
    start = told("store")
    settings = start.settings
    limit_memory()
    con = open_or_recover(settings.db, settings.data_dir, settings.journal)
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


if __name__ == "__main__":
    run_process(main, "store")
