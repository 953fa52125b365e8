"""How are httpx and httpx2 tapped? At `send`, the one method of a client that every request passes."""

import functools
from collections.abc import Callable
from types import ModuleType
from typing import Any, Final

from otel_burn.calls import Call
from otel_burn.firewall import guarded
from otel_burn.taps.observer import INSIDE, Observer
from otel_burn.taps.tees import TeeClasses, tee_classes


def install(module: ModuleType, observer: Observer) -> Callable[[], None] | None:
    """Tap the clients of *module* (httpx or httpx2; where both are one, once) and return the way back.

    None for a module that is only called so, such as a user's own httpx.py, or is not imported to its end.
    """
    if not all(hasattr(module, name) for name in _NEEDED):
        return None
    tees = tee_classes(module.SyncByteStream, module.AsyncByteStream)
    removals = []
    for name, tap in PATCHES:
        client = getattr(module, name)
        if getattr(getattr(client.send, "otel_burn_tap", None), "active", False):
            continue  # not so where somebody wrapped, and functools copied the mark of, a tap that is out
        original, patched = client.send, tap(client.send, observer, tees)
        patched.otel_burn_tap = observer
        client.send = patched
        removals.append(functools.partial(_restore, client, original, patched))

    def remove() -> None:
        for restore in removals:
            restore()

    return remove


def _restore(client: Any, original: Any, patched: Any) -> None:
    # Whoever wrapped us later keeps us underneath; an observer that is off then makes us a plain passage.
    if client.send is patched:
        client.send = original


def tap_send(original: Any, observer: Observer, tees: TeeClasses) -> Any:
    """`Client.send`, observed."""

    @functools.wraps(original)
    def send(self: Any, request: Any, *args: Any, **kwargs: Any) -> Any:
        call = None if INSIDE.get() else _begin(observer, request)
        if call is None:
            return original(self, request, *args, **kwargs)
        inside = INSIDE.set(True)
        try:
            response = original(self, request, *args, **kwargs)
        except BaseException as error:
            call.failed(error)
            raise
        finally:
            INSIDE.reset(inside)
        _watch(call, response, tees)
        return response

    return send


def tap_send_async(original: Any, observer: Observer, tees: TeeClasses) -> Any:
    """`AsyncClient.send`, observed."""

    @functools.wraps(original)
    async def send(self: Any, request: Any, *args: Any, **kwargs: Any) -> Any:
        call = None if INSIDE.get() else _begin(observer, request)
        if call is None:
            return await original(self, request, *args, **kwargs)
        inside = INSIDE.set(True)
        try:
            response = await original(self, request, *args, **kwargs)
        except BaseException as error:
            call.failed(error)
            raise
        finally:
            INSIDE.reset(inside)
        _watch(call, response, tees)
        return response

    return send


PATCHES: Final = (("Client", tap_send), ("AsyncClient", tap_send_async))
_NEEDED: Final = ("Client", "AsyncClient", "SyncByteStream", "AsyncByteStream")


@guarded
def _begin(observer: Observer, request: Any) -> Call | None:
    if not observer.active:
        return None
    url = request.url
    # `content` raises where the body is a stream, which is then not ours to read: no LLM SDK sends one.
    return observer.begin(
        request.method, url.host, url.port, url.path, lambda: request.content, request.headers
    )


@guarded
def _watch(call: Call, response: Any, tees: TeeClasses) -> None:
    headers = response.headers
    call.answered(
        response.status_code,
        headers.get("content-type", ""),
        headers.get("request-id") or headers.get("x-request-id"),
    )
    if hasattr(response, "_content"):  # read already, and decoded; the public property raises otherwise
        call.chunk(response.content)
        call.exhausted()
        return
    if encoding := headers.get("content-encoding"):
        call.decode = functools.partial(_decoded, type(response), encoding)
    stream = response.stream
    response.stream = tees.of(stream)(stream, call)


def _decoded(response_class: Any, encoding: str, data: bytes) -> bytes:
    """*data* without its content encoding, by the library's own decoders."""
    response = response_class(200, headers={"content-encoding": encoding}, content=data)
    decoded: bytes = response.content
    return decoded
