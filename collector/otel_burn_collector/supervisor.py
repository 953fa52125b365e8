"""What is a running collector? A receiver and a store, each a process, and this one that keeps them."""

import signal
import sys
import threading
import time
from contextlib import ExitStack
from pathlib import Path
from types import FrameType

from otel_burn.errors import BurnError
from otel_burn_collector.children import Child
from otel_burn_collector.discovery import announce, find_collector, healthz, make_private, status, withdraw
from otel_burn_collector.listeners import listen
from otel_burn_collector.settings import Settings, data_dir_of, new_token

LOOK_SECONDS = 0.1
"""Between looks at the two processes."""


def run_collector(
    *, db: Path, host: str, http_port: int, sql_port: int, data_dir: Path | None, idle_timeout: float | None
) -> None:
    """Run a collector until it is told to stop, or nobody has needed it for *idle_timeout* seconds."""
    stopping, db = _stop_signals(), db.absolute()
    refuse_second(db)
    with ExitStack() as stack:
        http = stack.enter_context(listen(host, http_port, "--http-port"))
        sql = stack.enter_context(listen("127.0.0.1", sql_port, "--sql-port"))
        settings = Settings(
            db=db,
            data_dir=(data_dir or data_dir_of(db)).absolute(),
            host=host,
            http_port=http.getsockname()[1],
            sql_port=sql.getsockname()[1],
            token=new_token(),
            idle_timeout=idle_timeout,
        )
        make_private(settings.data_dir)
        stack.callback(withdraw, settings)
        store, receiver = Child("store", settings, sql), Child("receiver", settings, http)
        stack.callback(store.stop)
        stack.callback(receiver.stop)  # runs first: the store then loads everything that was acknowledged
        _start(store, receiver, settings)
        _keep(store, receiver, settings, stopping)


def refuse_second(db: Path) -> None:
    """Raise `BurnError` when a collector of *db* runs already."""
    running = find_collector(db)
    if running is not None:
        raise BurnError(
            f"A collector of {db} runs already, at {running.http_url} (process {running.pid}). "
            "Use that one, stop it, or name another database with --db."
        )


def _start(store: Child, receiver: Child, settings: Settings) -> None:
    for child in (store, receiver):
        child.spawn()
    try:
        store.tell()
        ready = store.hear()
    except BurnError:
        refuse_second(settings.db)  # two starts at once: the other one won
        raise
    receiver.tell(after_segment=ready["segment"])
    receiver.hear()
    announce(settings)
    sys.stdout.write(f"Collector: {settings.http_url} → {settings.db}\n")
    sys.stdout.flush()


def _keep(store: Child, receiver: Child, settings: Settings, stopping: threading.Event) -> None:
    look_at = time.monotonic()
    while not stopping.wait(LOOK_SECONDS):
        store.revive()
        receiver.revive()
        if settings.idle_timeout is not None and time.monotonic() >= look_at:
            if _idle(settings, settings.idle_timeout):
                return
            look_at = time.monotonic() + min(1.0, settings.idle_timeout / 4)


def _idle(settings: Settings, seconds: float) -> bool:
    """Whether nobody sent or asked anything for *seconds*, and all that was sent is loaded."""
    receiver, store = healthz(settings.http_url) or {}, status(settings.sql_url)
    idle = [receiver.get("idle_for"), store.get("idle_for"), store.get("loader_idle_for")]
    loaded = receiver.get("journal") == store.get("loaded")
    return loaded and all(isinstance(one, (int, float)) and one >= seconds for one in idle)


def _stop_signals() -> threading.Event:
    stopping = threading.Event()

    def stop(number: int, frame: FrameType | None) -> None:
        stopping.set()

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, stop)
    return stopping
