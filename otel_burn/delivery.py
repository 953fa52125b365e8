"""How do finished spans reach the collector? By one background thread that reads the spool and posts OTLP."""

import http.client
import logging
import threading
from collections.abc import Callable
from typing import Final
from urllib.parse import urlsplit

from otel_burn import locations
from otel_burn.locations import without_secrets
from otel_burn.spool import Spool

_LOG: Final = logging.getLogger("otel_burn")

_GATHER_SECONDS: Final = 1.0
"""Spans of a second go out together: a post costs more CPU (about 1 ms) than the spans in it. The spool holds them
meanwhile, so nothing is at risk, and the end of the program doesn't wait for it."""
_TIMEOUT_SECONDS: Final = 10.0
_LARGEST_POST: Final = 4 * 1024 * 1024
"""A collector accepts 64 MiB; others stop at 4."""
_RETRY_SECONDS: Final = (1.0, 2.0, 5.0, 10.0, 30.0)


_FINAL: Final = frozenset({400, 413, 415, 422, 500, 501})
"""Answers that are about the request itself. All others (a redirect, 401, 404, 429, 503) may mean a wrong address, a
missing token or a busy server: OTLP would have some of them dropped, but spans that wait on disk cost little."""


class StrangerError(ConnectionError):
    """Somebody answered, but took nothing; it may be another service, or ours in trouble."""


class RefusedError(Exception):
    """The collector will never accept this request; sending it again would not help."""


def post_traces(endpoint: str, body: bytes, timeout: float = _TIMEOUT_SECONDS) -> None:
    """POST one OTLP `ExportTraceServiceRequest` to *endpoint*`/v1/traces`.

    Raises `RefusedError` for an answer that is final, `OSError` for whatever may pass, a wrong address included.
    Standard-library HTTP on purpose: our own posts never go through a client that we tap.
    """
    where = without_secrets(endpoint)
    try:
        status, said = _post(endpoint, body, timeout)
    except (ValueError, http.client.HTTPException) as error:  # no URL, no host name, no HTTP
        # Not the error's own words: they quote the address, whose password may be what is wrong with it.
        raise ConnectionError(
            f"{where} can't be asked ({type(error).__name__}): an endpoint reads http://host:port or https://host:port"
        ) from None
    if status in _FINAL:
        raise RefusedError(f"{where} answered {status}: {said[:200]!r}")
    if status >= 300:
        raise StrangerError(f"{where} answered {status}: {said[:200]!r}")


def _post(endpoint: str, body: bytes, timeout: float) -> tuple[int, bytes]:
    url = urlsplit(endpoint)
    if url.scheme not in ("http", "https") or not url.hostname:
        raise ValueError(endpoint)
    kind = http.client.HTTPSConnection if url.scheme == "https" else http.client.HTTPConnection
    connection = kind(url.hostname, url.port, timeout=timeout)
    try:
        connection.request("POST", f"{url.path.rstrip('/')}/v1/traces", body, _headers())
        answer = connection.getresponse()
        return answer.status, answer.read(4096)
    finally:
        connection.close()


def _headers() -> dict[str, str]:
    token = locations.token()
    bearer = {"Authorization": f"Bearer {token}"} if token else {}
    return {"Content-Type": "application/x-protobuf", **bearer}


class Delivery:
    """Delivers a spool to the collector, for as long as the process lives; its thread closes the spool at its end."""

    def __init__(
        self,
        spool: Spool,
        endpoint: str,
        lock: threading.Lock,
        on_refusal: Callable[[], object] = lambda: None,
    ) -> None:
        self._spool = spool
        self._on_refusal = on_refusal
        self._endpoint = endpoint
        self._lock = lock
        """Held by whoever appends to the spool, so that it is not compacted meanwhile."""
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._failures = 0
        self._refusals = 0
        self._thread = threading.Thread(target=self._work, name="otel-burn-delivery", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """Something was appended."""
        if not self._wake.is_set():
            self._wake.set()

    def stop(self, timeout: float) -> None:
        """Deliver what waits, for *timeout* seconds at most; the thread ends, and closes the spool, when it can."""
        self._stopping.set()
        self._wake.set()
        self._thread.join(timeout)

    def _work(self) -> None:
        self._deliver_forever()
        # Here and nowhere else: a descriptor that another thread closed may be a file of the program by now.
        self._spool.close()

    def _deliver_forever(self) -> None:
        while not self._stopping.is_set():
            self._wake.wait()
            self._wake.clear()
            self._stopping.wait(_GATHER_SECONDS)
            while self._spool.waiting and not self._deliver_some():
                if self._stopping.is_set():
                    return
                self._stopping.wait(_RETRY_SECONDS[min(self._failures, len(_RETRY_SECONDS)) - 1])
        while self._spool.waiting and self._deliver_some():
            pass

    def _deliver_some(self) -> bool:
        """Send the next records; False when the collector is away."""
        with self._lock:
            records, end = self._spool.pending(_LARGEST_POST)
        if not records:
            return False  # somebody has been at the file
        try:
            self._send(records)
        except OSError as error:
            self._away(error)
            return False
        self._failures = 0
        with self._lock:
            self._spool.delivered(end)
            self._spool.compact()
        if self._spool.waiting:
            self._wake.set()  # more than one post holds, or what came meanwhile
        return True

    def _send(self, records: list[bytes]) -> None:
        try:
            # Concatenated messages are one message in protobuf: the lists in them are joined.
            post_traces(self._endpoint, b"".join(records))
        except RefusedError as error:
            if len(records) == 1:
                self._refused(error)
                return
            for record in records:  # one that is refused takes no others with it
                self._send([record])

    def _refused(self, error: RefusedError) -> None:
        # Said once: a handler that itself calls an LLM would be answered by the next refusal, for ever.
        self._refusals += 1
        self._on_refusal()
        if self._refusals == 1:
            _LOG.warning(
                "otel-burn: spans were refused and are dropped, now and whenever it happens again: %s", error
            )

    def _away(self, error: Exception) -> None:
        self._failures += 1
        if self._failures == 1:
            # A collector that isn't there is nobody's mistake; one that answers otherwise probably is.
            _LOG.log(
                logging.WARNING if isinstance(error, StrangerError) else logging.INFO,
                "otel-burn: no collector took the spans (%s). They wait on disk and are delivered when one does; "
                "is OTEL_BURN_ENDPOINT right? Start one with: otel-burn collector", error,
            )  # fmt: skip
