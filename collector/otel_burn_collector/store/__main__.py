"""The store process: owns the database, loads the journal, answers SQL."""

import sys

from otel_burn_collector.process import HttpServer, run_process, tell, told
from otel_burn_collector.store.app import Answers
from otel_burn_collector.store.database import open_store
from otel_burn_collector.store.loader import Loader

STOP_PATIENCE = 20.0
"""Seconds in which a stopping store loads what is journalled; the rest is loaded at the next start."""


def main() -> None:
    """Serve until the supervisor says stop, or the database fails."""
    start = told()
    settings = start.settings
    con = open_store(settings.db, settings.data_dir)
    loader = Loader(con, settings.journal, on_failure=lambda: server.stop())
    answers = Answers(con, settings.token, loader.status)
    server = HttpServer(
        answers.app(),
        start.listeners,
        on_serving=lambda: tell({"ready": {"segment": loader.loaded.segment}}),
    )
    loader.start()
    server.serve_inherited()
    answers.interrupt()
    loader.stop(STOP_PATIENCE)
    con.close()
    if loader.failure is not None:
        sys.exit(1)


if __name__ == "__main__":
    run_process(main, "store")
