"""How is urllib3 tapped, used bare or beneath requests and botocore? At `urlopen` of its pools, retry by retry."""

from collections.abc import Callable
from types import ModuleType
from typing import Any
from urllib.parse import urlsplit

from otel_burn.calls import Call
from otel_burn.firewall import guarded
from otel_burn.taps import bodies
from otel_burn.taps.files import WatchedFile, watch_reads
from otel_burn.taps.headers import content_type, lowered, withheld
from otel_burn.taps.observer import INSIDE, Observer
from otel_burn.taps.patching import patch
from otel_burn.taps.sending import Sending, on_its_way
from otel_burn.taps.sockets import watch_socket

_PORTS = {"http": 80, "https": 443}


def install(module: ModuleType, observer: Observer) -> Callable[[], None] | None:
    """Tap the pools of *module* and return the way back; None for a module that is only called urllib3."""
    if not hasattr(module, "PoolManager"):
        return None
    return patch(getattr(module, "HTTPConnectionPool", None), "urlopen", tap_urlopen, observer)


def tap_urlopen(original: Any, observer: Observer) -> Any:
    """`HTTPConnectionPool.urlopen`, observed. It calls itself for each retry and redirect."""

    def urlopen(
        self: Any, method: Any, url: Any, body: Any = None, headers: Any = None, *args: Any, **kwargs: Any
    ) -> Any:
        retries = args[0] if args else kwargs.get("retries")
        above = on_its_way()
        if above is None and (INSIDE.get() or not observer.active):
            return original(self, method, url, body, headers, *args, **kwargs)

        if above is not None:
            if above.entered:
                above.again(retries, lambda: _begin(observer, self, method, url, body, lowered(headers)))
            above.entered = True
            return _send(original, above, (self, method, url, body, headers, *args), kwargs)
        seen = lowered(self.headers if headers is None else headers)
        sending = Sending(_begin(observer, self, method, url, body, seen))
        sending.entered = True
        with sending:
            sent = withheld(headers, seen)
            return _send(original, sending, (self, method, url, body, sent, *args), kwargs)

    return urlopen


def _send(original: Any, sending: Sending, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    copy = _copy(sending.call, args[3])
    if copy is not None:
        args = (*args[:3], copy, *args[4:])
    response = original(*args, **kwargs)
    call = sending.arrived()
    if call is not None:
        if copy is not None:
            call.request_body = bodies.plain(copy.sent(), content_type(lowered(args[4])))
        watch(call, response, kwargs)
    return response


@guarded
def _copy(call: Call | None, body: Any) -> bodies.Copy | None:
    if call is None or call.request_body or body is None:
        return None
    return bodies.copied(body) if bodies.known(body, "") is None else None


@guarded
def _begin(
    observer: Observer, pool: Any, method: str, url: str, body: Any, headers: dict[str, Any]
) -> Call | None:
    path = url.partition("?")[0] if url.startswith("/") else urlsplit(url).path
    port = None if pool.port == _PORTS.get(pool.scheme) else pool.port
    return observer.begin(
        method, pool.host, port, path, lambda: bodies.known(body, content_type(headers)) or b"", headers
    )


@guarded
def watch(call: Call, response: Any, options: dict[str, Any]) -> None:
    """Show *call* the body of urllib3's *response*, which was asked for with *options*."""
    try:
        if options.get("preload_content", True):
            call.answered(response.status, response.headers, encoded=not options.get("decode_content", True))
            if data := response.data:
                call.chunk(data)
            call.exhausted()
            return
        call.answered(response.status, response.headers)
        if not hasattr(response, "_fp"):
            watch_reads(call, response)
            return
        file = response._fp
        if file is None or getattr(file, "closed", False):
            call.exhausted()
        elif not watch_socket(call, file):
            response._fp = WatchedFile(file, call)
    except BaseException:
        call.ended()
        raise
