"""How does another process talk to a running collector? HTTP with its token, Arrow back."""

import http.client
import json
import socket
import time
from base64 import b64encode
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pyarrow as pa

from otel_burn.errors import BurnError
from otel_burn_collector import parameters
from otel_burn_collector.discovery import Running, healthz
from otel_burn_collector.journal.records import Encoding, Position
from otel_burn_collector.otlp.signals import Signal
from otel_burn_collector.stopping import Stopper
from otel_burn_collector.store import backups
from otel_burn_collector.store.backups import Backup
from otel_burn_collector.store.queries import Limits

PATIENCE = 300.0
"""Seconds for an answer: over the store's own limit, which comes with a sentence."""
LOOK_SECONDS = 0.02


class CollectorGoneError(Exception):
    """The collector does not answer (any more)."""


class Client:
    """A running collector, asked."""

    def __init__(self, running: Running) -> None:
        self.running = running

    def query(
        self,
        sql: str,
        params: Mapping[str, object],
        *,
        first: int | None = None,
        stopper: Stopper | None = None,
    ) -> pa.Table:
        """The answer to one SELECT; of its rows only the *first*. *stopper* hangs up: the collector ends it then."""
        asked = {"sql": sql, "params": parameters.to_json(params), "limit": first}
        connection = self._connect(self.running.sql_url)
        with (stopper or Stopper()).ends(partial(_hang_up, connection.sock)):
            return self._read(connection, asked)

    def _read(self, connection: http.client.HTTPConnection, asked: Mapping[str, Any]) -> pa.Table:
        try:
            response = self._post_over(connection, "/sql", json.dumps(asked).encode())
            with pa.ipc.open_stream(response) as stream:
                return stream.read_all()
        except (pa.ArrowException, http.client.HTTPException, OSError) as error:
            raise BurnError(
                "The collector broke off its answer: it is over a limit (rows, bytes, seconds), or the collector "
                "ended. Ask for less at a time; collector.log beside the database may say more."
            ) from error
        finally:
            connection.close()

    def status(self) -> dict[str, Any]:
        """How far the collector has loaded."""
        connection, response = self._request("GET", self.running.sql_url, "/status", None)
        try:
            status: dict[str, Any] = json.loads(response.read())
        finally:
            connection.close()
        return status

    def query_seconds(self) -> float:
        """How long the collector lets one query take; one of an older version does not say, and has the usual limit."""
        return float(self.status().get("query_seconds", Limits().seconds))

    def journalled(self) -> Position:
        """Everything acknowledged so far lies before it."""
        said = healthz(self.running.http_url)
        if not said:
            raise CollectorGoneError(self.running.http_url)
        return Position(*said["journal"])

    def loaded(self) -> Position:
        """Everything before it can be queried."""
        return Position(*self.status()["loaded"])

    def wait_loaded(
        self, position: Position, timeout: float, heard: Callable[[Position], None] = lambda _loaded: None
    ) -> bool:
        """Whether everything before *position* could be queried within *timeout* s; *heard* learns how far it is."""
        deadline = time.monotonic() + timeout
        while True:
            try:
                loaded = self.loaded()
                heard(loaded)
                if loaded >= position:
                    return True
            except CollectorGoneError:
                pass  # the store may be on its way back
            if time.monotonic() >= deadline:
                return False
            time.sleep(LOOK_SECONDS)

    def command(self, body: bytes) -> Position:
        """Have a command journalled; returns the position after it."""
        connection, response = self._post(self.running.http_url, "/command", body)
        try:
            return Position(*json.loads(response.read())["journal"])
        finally:
            connection.close()

    def back_up(self, target: Path | None) -> Backup:
        """Have the database backed up, to *target* or among the others."""
        said = {"path": None if target is None else str(target)}
        connection, response = self._post(self.running.sql_url, "/backup", said)
        try:
            return backups.from_json(json.loads(response.read())["backup"])
        finally:
            connection.close()

    def import_body(self, signal: Signal, encoding: Encoding, body: bytes) -> Position:
        """Have an OTLP request journalled."""
        written = "json" if encoding & Encoding.JSON else "protobuf"
        said = {
            "verb": "import",
            "signal": signal.name,
            "encoding": written,
            "body": b64encode(body).decode(),
        }
        return self.command(json.dumps(said).encode())

    def _post(
        self, url: str, path: str, said: Mapping[str, Any] | bytes
    ) -> tuple[http.client.HTTPConnection, http.client.HTTPResponse]:
        body = said if isinstance(said, bytes) else json.dumps(said).encode()
        connection = self._connect(url)
        return connection, self._post_over(connection, path, body)

    def _post_over(
        self, connection: http.client.HTTPConnection, path: str, body: bytes
    ) -> http.client.HTTPResponse:
        response = self._ask(connection, "POST", path, body)
        if response.status == 200:
            return response
        text = response.read()
        connection.close()
        raise BurnError(_sentence(response.status, text))

    def _request(
        self, method: str, url: str, path: str, body: bytes | None
    ) -> tuple[http.client.HTTPConnection, http.client.HTTPResponse]:
        connection = self._connect(url)
        return connection, self._ask(connection, method, path, body)

    def _connect(self, url: str) -> http.client.HTTPConnection:
        parts = urlsplit(url)
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=PATIENCE)
        try:
            connection.connect()
        except OSError as error:
            raise CollectorGoneError(url) from error
        return connection

    def _ask(
        self, connection: http.client.HTTPConnection, method: str, path: str, body: bytes | None
    ) -> http.client.HTTPResponse:
        headers = {"Authorization": f"Bearer {self.running.token}", "Content-Type": "application/json"}
        try:
            connection.request(method, path, body, headers)
            return connection.getresponse()
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            raise CollectorGoneError(f"http://{connection.host}:{connection.port}") from error


def _hang_up(connected: socket.socket) -> None:
    """End a connection under whoever reads from it: the collector stops what nobody waits for."""
    with suppress(OSError):  # it has ended already
        connected.shutdown(socket.SHUT_RDWR)


def _sentence(status: int, text: bytes) -> str:
    try:
        return str(json.loads(text)["error"])
    except (ValueError, KeyError, TypeError):
        return f"The collector answered with HTTP status {status}. Is it of the same version as this command?"
