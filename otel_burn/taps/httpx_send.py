"""How are httpx and httpx2 tapped? At `send`, the one method of a client that every request passes."""

import functools
import json
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
    path = url.raw_path.partition(b"?")[0].decode("ascii", "replace")
    return observer.begin(request.method, url.host, url.port, path, lambda: _body(request), request.headers)


def _body(request: Any) -> bytes:
    """The request's body; of a form with files its fields as JSON, as those of an audio transcription."""
    try:
        content: bytes = request.content
    except Exception:  # noqa: BLE001 - each library has its own class: the body is a stream, and not ours to read
        fields = getattr(request.stream, "fields", ())
        named = {
            field.name: field.value for field in fields if isinstance(getattr(field, "value", None), str)
        }
        return json.dumps(named).encode() if named else b""
    return content


@guarded
def _watch(call: Call, response: Any, tees: TeeClasses) -> None:
    if hasattr(response, "_content"):  # read already, and decoded; the public property raises otherwise
        call.answered(response.status_code, response.headers, encoded=False)
        call.chunk(response.content)
        call.exhausted()
        return
    call.answered(response.status_code, response.headers)
    stream = response.stream
    response.stream = tees.of(stream)(stream, call)
