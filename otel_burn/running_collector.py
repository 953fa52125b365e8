"""Is a collector of ours running, and where? Found by the file that it leaves beside its database."""

import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from otel_burn import locations
from otel_burn.errors import BurnError

SERVICE: Final = "otel-burn-collector"
"""What `/healthz` says that answers there."""
FILE: Final = "collector.json"
"""What a collector leaves in the data folder beside its database."""
_START_SECONDS: Final = 30.0
_IDLE_SECONDS: Final = 900
"""A collector that a run started ends after a quarter of an hour without work."""


@dataclass(frozen=True, slots=True)
class Collector:
    """A collector that answers."""

    http_url: str
    db: Path


def healthy(url: str) -> Collector | None:
    """The collector of ours that answers at *url*; None when nobody or a stranger does."""
    try:
        with _OPENER.open(f"{url}/healthz", timeout=2) as answer:
            said: Any = json.load(answer)
    except (OSError, ValueError, urllib.error.URLError):
        return None
    if not isinstance(said, dict) or said.get("service") != SERVICE:
        return None
    return Collector(url, Path(str(said.get("db", "a database of its own"))))  # it tells its own machine only


def of_database(db: Path) -> Collector | None:
    """The collector that owns the database *db*, if one runs."""
    try:
        noted: Any = json.loads((db.parent / f"{db.name}.d" / FILE).read_text(encoding="utf-8"))
        url = str(noted["http_url"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    found = healthy(url)
    return found if found is not None and found.db == db else None


def ensure(db: Path, *, port: int = locations.DEFAULT_HTTP_PORT) -> Collector:
    """The collector of *db*: the one that runs, or one started detached, which ends when it is idle.

    It listens on *port*, or on a free one when a stranger, or the collector of another database, has taken
    that. Raises `BurnError` with the collector's own words when it cannot start.
    """
    if found := of_database(db):
        return found
    said = ""
    for ports in _candidates(port):
        said = _start(db, *ports)
        if found := of_database(db):
            return found
    raise BurnError(f"no collector could be started for {db}: {said or 'it said nothing'}")


def port_is_free(port: int) -> bool:
    """Whether nobody listens on *port* of the loopback interface."""
    import socket  # noqa: PLC0415 - commands only

    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) != 0


def _candidates(port: int) -> list[tuple[int, int]]:
    """Ports for HTTP and gRPC to try, free ones in the end."""
    grpc = locations.DEFAULT_GRPC_PORT if port == locations.DEFAULT_HTTP_PORT else 0
    usable = (port if port_is_free(port) else 0, grpc if port_is_free(grpc) else 0)
    return list(dict.fromkeys([usable, (0, 0)]))


def _start(db: Path, http_port: int, grpc_port: int) -> str:
    """Start a detached collector and return what it said when that failed."""
    command = [
        sys.executable, "-m", "otel_burn", "collector", "--db", str(db),
        "--http-port", str(http_port), "--grpc-port", str(grpc_port), "--idle-timeout", str(_IDLE_SECONDS), "--detach",
    ]  # fmt: skip
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=_START_SECONDS,
            check=False,
            env=_own_environment(),
        )
    except subprocess.TimeoutExpired:
        return f"it did not answer within {_START_SECONDS:.0f} s"
    return "" if done.returncode == 0 else done.stderr.strip().removeprefix("otel-burn: ")


def _own_environment() -> dict[str, str]:
    """Our environment without what would instrument the collector itself."""
    ours = ("OTEL_BURN_RUN_ID", "OTEL_BURN_RUN_FOLDER", "OTEL_BURN_ENDPOINT")
    return {key: value for key, value in os.environ.items() if key not in ours}


_OPENER: Final = urllib.request.build_opener(urllib.request.ProxyHandler({}))
"""Loopback is never reached through a proxy."""
