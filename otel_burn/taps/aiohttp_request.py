"""How is aiohttp tapped? At `ClientSession._request`, which every request passes; bodies are seen as they arrive.

A response's `content` keeps what has arrived, and not been read yet, in a queue, and tells the callbacks that wait for
its end. We put ourselves into these two: no class is changed, and however the caller reads costs nothing more.
"""

import contextlib
import functools
import weakref
from collections import deque
from collections.abc import AsyncIterator, Callable
from types import ModuleType
from typing import Any, Final

from otel_burn.calls import Call
from otel_burn.firewall import guarded
from otel_burn.taps import bodies
from otel_burn.taps.headers import content_type, lowered, withheld
from otel_burn.taps.observer import INSIDE, Observer
from otel_burn.taps.patching import patch

_CLOSED: Final = "Connection closed"
"""What aiohttp says to whoever waits for the content of a response that is closed or released by its own side."""


def install(module: ModuleType, observer: Observer) -> Callable[[], None] | None:
    """Tap the sessions of *module* and return the way back; None for a module that is only called aiohttp."""
    if not hasattr(module, "JsonPayload") or not hasattr(module, "ClientResponse"):
        return None
    tap = functools.partial(tap_request, json_payload=module.JsonPayload)
    return patch(getattr(module, "ClientSession", None), "_request", tap, observer)


def tap_request(original: Any, observer: Observer, *, json_payload: Any) -> Any:
    """`ClientSession._request`, observed."""

    async def _request(self: Any, method: Any, url: Any, *args: Any, **kwargs: Any) -> Any:
        if INSIDE.get() or not observer.active:
            return await original(self, method, url, *args, **kwargs)
        request = _Request(self, kwargs, json_payload)
        call = _begin(observer, method, url, request)
        if call is None:
            return await original(self, method, url, *args, **request.options)
        inside = INSIDE.set(True)
        try:
            response = await original(self, method, url, *args, **request.options)
        except BaseException as error:
            _fail(call, error)
            raise
        finally:
            with contextlib.suppress(ValueError):  # given up, and closed in another context
                INSIDE.reset(inside)
        _watch(call, response, request)
        return response

    return _request


class _UnsendableError(Exception):
    """The body can't be serialised."""


class _Request:
    """What `_request` is called with, and how its body can be seen."""

    def __init__(self, session: Any, options: dict[str, Any], json_payload: Any) -> None:
        self.session = session
        self.options = options
        self.copy: bodies.Copy | None = None
        self._json_payload = json_payload

    def headers(self) -> dict[str, Any]:
        """The headers that are known before it is sent."""
        return lowered(self.session.headers) | lowered(self.options.get("headers"))

    def body(self) -> bytes:
        """The bytes of the body; those of a stream are in `copy` once it is sent."""
        if self.options.get("json") is not None and self.options.get("data") is None:
            return self._json()
        data: Any = self.options.get("data")
        if hasattr(data, "__aiter__"):  # as a proxy hands on what it gets
            self.copy = bodies.Copy(data.iter_any() if hasattr(data, "iter_any") else data)
            self.options = self.options | {"data": _copying(self.copy)}
            return b""
        data = getattr(data, "_value", data)  # of a payload
        if (named := _fields(data)) is not None:
            return bodies.fields(named)
        return bodies.known(data, content_type(self.headers())) or b""

    def _json(self) -> bytes:
        """The JSON, serialised once by us instead of by aiohttp: with its own means, and sent as it sends it."""
        if getattr(self.session, "_json_serialize_bytes", None) is not None:
            body: bytes = self.session._json_serialize_bytes(self.options["json"])
            self.options = self.options | {
                "json": None,
                "data": self._json_payload(None, dumps=lambda _: body.decode()),
            }
            return body
        text: str = self.session.json_serialize(self.options["json"])
        self.options = self.options | {"json": None, "data": self._json_payload(None, dumps=lambda _: text)}
        return text.encode()


async def _copying(copy: bodies.Copy) -> AsyncIterator[Any]:
    async for chunk in copy.body:
        copy.saw(chunk)
        yield chunk


def _fields(data: Any) -> dict[str, str] | None:
    """The text fields of a form; None for what is no form."""
    if hasattr(data, "_fields") and hasattr(data, "add_field"):
        pairs = [(about.get("name"), value) for about, _, value in data._fields]
    elif isinstance(data, dict):
        pairs = list(data.items())
    else:
        return None
    return {str(name): value for name, value in pairs if isinstance(value, str)}


@guarded
def _begin(observer: Observer, method: str, url: Any, request: _Request) -> Call | None:
    try:
        target = request.session._build_url(url)
        host, port, path = target.host or "", target.explicit_port, target.raw_path
    except Exception:  # noqa: BLE001 - no URL: aiohttp is about to say so, in its own way
        return None
    headers = request.headers()
    try:
        call = observer.begin(method.upper(), host, port, path, request.body, headers)
    except _UnsendableError:
        return None  # aiohttp is about to say so, too
    request.options = request.options | {"headers": withheld(request.options.get("headers"), headers)}
    return call


@guarded
def _fail(call: Call, error: BaseException) -> None:
    status = getattr(error, "status", 0)
    if isinstance(status, int) and status:  # of `raise_for_status`
        call.answered(status, getattr(error, "headers", None) or {})
    call.failed(error)


@guarded
def _watch(call: Call, response: Any, request: _Request) -> None:
    try:
        if request.copy is not None:
            call.request_body = bodies.plain(request.copy.sent(), content_type(request.headers()))
        decoded = request.options.get("auto_decompress")
        if decoded is None:
            decoded = request.session.auto_decompress
        call.answered(response.status, response.headers, encoded=not decoded)
        content = response.content
        arrived = [response._body] if response._body is not None else list(content._buffer)
        for chunk in arrived:
            call.chunk(chunk)
        if response._body is not None or content.is_eof():
            call.exhausted()
        elif content.exception() is not None:
            call.failed(content.exception())
        else:
            content._buffer = _Arriving(content._buffer, call)
            content._eof_callbacks = _Ends(content._eof_callbacks, call, response)
    except BaseException:
        call.ended()
        raise


class _Arriving(deque[bytes]):
    """The part of a body that has arrived and was not read yet."""

    def __init__(self, arrived: deque[bytes], call: Call) -> None:
        super().__init__(arrived)
        self._call = call

    def append(self, data: bytes, /) -> None:
        super().append(data)
        self._call.chunk(data)


class _Ends(list[Any]):
    """What waits for the end of a body; cleared when it has come, in whichever way."""

    def __init__(self, waiting: list[Any], call: Call, response: Any) -> None:
        super().__init__(waiting)
        self._call = call
        self._content = response.content
        self._response = weakref.ref(response, self._dropped)

    def _dropped(self, _: object = None) -> None:
        self._call.collected = True
        self._call.ended()

    __del__ = _dropped  # whatever dies together with the response is not told of its death

    def clear(self) -> None:
        super().clear()
        content, self._content = self._content, None
        if content is not None:
            _end(self._call, content)


@guarded
def _end(call: Call, content: Any) -> None:
    error = content.exception()
    if error is None:
        call.exhausted()
    elif str(error) != _CLOSED:
        call.failed(error)
    elif getattr(content._timer, "_cancelled", False):
        call.failed(TimeoutError())  # the caller has met it while it waited
    else:
        call.ended()
