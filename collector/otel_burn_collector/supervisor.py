"""What is a running collector? A receiver and a store, each a process, and this one that keeps them."""

import logging
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from types import FrameType

from otel_burn.errors import BurnError
from otel_burn_collector import logs
from otel_burn_collector.children import Child
from otel_burn_collector.discovery import announce, find_collector, healthz, make_private, status, withdraw
from otel_burn_collector.listeners import listen, reserve
from otel_burn_collector.options import Options
from otel_burn_collector.settings import Settings, data_dir_of, is_loopback, new_token

LOOK_SECONDS = 0.1
"""Between looks at the two processes."""

log = logging.getLogger(__name__)


def run_collector(options: Options) -> None:
    """Run a collector until it is told to stop, or nobody has needed it for the idle timeout."""
    logs.configure(logs.SUPERVISOR, options.log_format, options.log_level)
    stopping = _stop_signals()
    refuse_second(options.db)
    with ExitStack() as stack:
        sockets = {name: stack.enter_context(one) for name, one in _sockets(options)}
        settings = _settings(options, {name: one.getsockname()[1] for name, one in sockets.items()})
        make_private(settings.data_dir)
        stack.callback(withdraw, settings)
        store = Child("store", settings, {"sql": sockets.pop("sql")})
        sockets.pop("grpc")  # held here; the receiver binds the port itself
        receiver = Child("receiver", settings, sockets)
        stack.callback(store.stop)
        stack.callback(receiver.stop)  # runs first: the store then loads everything that was acknowledged
        _start(store, receiver, settings)
        _keep(store, receiver, settings, stopping)
        log.info("Stopping: what was acknowledged is loaded, nothing more is taken.")


def _sockets(options: Options) -> Iterator[tuple[str, socket.socket]]:
    """Each port that is to be ours, bound."""
    yield "http", listen(options.host, options.http_port, "--http-port")
    yield "grpc", reserve(options.host, options.grpc_port, "--grpc-port")
    yield "sql", listen("127.0.0.1", options.sql_port, "--sql-port")
    if options.tls_cert or not is_loopback(options.host):
        yield "local", listen("127.0.0.1", 0, "--host")


def _settings(options: Options, ports: Mapping[str, int]) -> Settings:
    return Settings(
        db=options.db,
        data_dir=options.data_dir or data_dir_of(options.db),
        host=options.host,
        http_port=ports["http"],
        grpc_port=ports["grpc"],
        sql_port=ports["sql"],
        local_port=ports.get("local", 0),
        token=new_token(),
        tls_cert=options.tls_cert,
        tls_key=options.tls_key,
        cors_origins=options.cors_origins,
        max_request_bytes=options.max_request_bytes,
        keeping=options.keeping,
        idle_timeout=options.idle_timeout,
        query_seconds=options.query_seconds,
        log_format=options.log_format,
        log_level=options.log_level,
    )


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
    said = f"Collector: {settings.otlp_url} (HTTP), {settings.grpc_url} (gRPC) → {settings.db}"
    if settings.log_format == "json":
        log.info(said)
        return
    sys.stdout.write(f"{said}\n")
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
