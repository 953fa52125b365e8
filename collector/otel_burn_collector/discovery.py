"""Does a collector run, and of which database? Told by collector.json beside the database, and by asking it."""

import http.client
import json
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from otel_burn.errors import BurnError
from otel_burn.running_collector import FILE, SERVICE
from otel_burn_collector.settings import Settings, data_dir_of

PATIENCE = 5.0
"""Seconds for a collector to answer; one that loads a large batch may take one or two."""
STORE_PATIENCE = 1.0


@dataclass(frozen=True)
class Running:
    """A collector that runs."""

    pid: int
    http_url: str
    otlp_url: str
    grpc_url: str
    sql_url: str
    token: str
    db: Path
    data_dir: Path
    version: str


def announce(settings: Settings) -> None:
    """Write collector.json, beside the database for clients to find and where the data is."""
    running = Running(
        pid=os.getpid(),
        http_url=settings.http_url,
        otlp_url=settings.otlp_url,
        grpc_url=settings.grpc_url,
        sql_url=settings.sql_url,
        token=settings.token,
        db=settings.db,
        data_dir=settings.data_dir,
        version=version("otel-burn"),
    )
    text = json.dumps(asdict(running), default=str, indent=2) + "\n"
    for folder in _folders(settings):
        _write_private(folder / FILE, text)


def make_private(folder: Path) -> None:
    """Make *folder* if it isn't there, for its owner only."""
    try:
        folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise BurnError(
            f"{folder} cannot be made ({error.strerror}). Choose another place with --db or OTEL_BURN_HOME."
        ) from error


def withdraw(settings: Settings) -> None:
    """Remove collector.json where it is this process's."""
    for folder in _folders(settings):
        said = _read(folder / FILE)
        if said is not None and said.pid == os.getpid():
            (folder / FILE).unlink(missing_ok=True)


def announced(db: Path) -> Running | None:
    """What collector.json beside *db* says, whether or not that collector still runs."""
    return _read(data_dir_of(db) / FILE)


def find_collector(db: Path) -> Running | None:
    """The collector that runs for *db*; a file that a dead one left is ignored."""
    running = announced(db)
    if running is None:
        return None
    said = healthz(running.http_url)
    if said is None or said.get("service") != SERVICE or not _same(said.get("db"), db):
        return None
    return running


def healthz(url: str, *, patience: float = PATIENCE) -> Mapping[str, Any] | None:
    """What answers at *url* when asked who it is: `None` for nobody, nothing in it for a stranger."""
    return _get(url, "/healthz", patience)


def status(sql_url: str, *, patience: float = STORE_PATIENCE) -> Mapping[str, Any]:
    """What a store says of itself; nothing while it is being started again."""
    return _get(sql_url, "/status", patience) or {}


def _get(url: str, path: str, patience: float) -> Mapping[str, Any] | None:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=patience)
    try:
        connection.request("GET", path)
        said = json.loads(connection.getresponse().read())
    except OSError:
        return None
    except (http.client.HTTPException, ValueError):
        return {}
    finally:
        connection.close()
    return said if isinstance(said, dict) else {}


def _same(said: object, db: Path) -> bool:
    return isinstance(said, str) and os.path.realpath(said) == os.path.realpath(db)


def _folders(settings: Settings) -> list[Path]:
    return list(dict.fromkeys((data_dir_of(settings.db), settings.data_dir)))


def _read(path: Path) -> Running | None:
    with suppress(OSError, ValueError, TypeError, KeyError):
        said = json.loads(path.read_text(encoding="utf-8"))
        return Running(**said | {"db": Path(said["db"]), "data_dir": Path(said["data_dir"])})
    return None


def _write_private(path: Path, text: str) -> None:
    """Write *path* at once and for its owner only: it holds the token."""
    make_private(path.parent)
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    draft.replace(path)
