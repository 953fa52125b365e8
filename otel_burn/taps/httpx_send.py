"""How are httpx and httpx2 tapped? At `send`, the one method of a client that every request passes."""

import contextlib
import functools
import json
from collections.abc import Callable
from types import ModuleType
from typing import Any, Final

from otel_burn.calls import Call
from otel_burn.firewall import guarded
from otel_burn.taps.asked_usage import REFUSALS, AskedUsage, Hiding
from otel_burn.taps.observer import INSIDE, Observer
from otel_burn.taps.patching import patch
from otel_burn.taps.tees import TeeClasses, tee_classes
from otel_burn.taps.uploads import Upload, Uploads


def install(module: ModuleType, observer: Observer) -> Callable[[], None] | None:
    """Tap the clients of *module* (httpx or httpx2; where both are one, once) and return the way back.

    None for a module that is only called so, such as a user's own httpx.py, or is not imported to its end.
    """
    if not all(hasattr(module, name) for name in _NEEDED):
        return None
    tees = tee_classes(module.SyncByteStream, module.AsyncByteStream)
    removals = [
        removal
        for name, tap in PATCHES
        if (removal := patch(getattr(module, name), "send", functools.partial(tap, module, tees), observer))
    ]

    def remove() -> None:
        for removal in removals:
            removal()

    return remove


def tap_send(module: Any, tees: TeeClasses, original: Any, observer: Observer) -> Any:
    """`Client.send`, observed."""

    def send(self: Any, request: Any, *args: Any, **kwargs: Any) -> Any:
        call = None if INSIDE.get() else _begin(observer, request)
        if call is None:
            return original(self, request, *args, **kwargs)
        inside, question = INSIDE.set(True), None
        upload = _upload(tees.uploads, call, request)
        try:
            if kwargs.get("stream"):
                question = _ask(observer.asked_usage, call, request, module)
            response = original(self, request, *args, **kwargs)
            if question is not None and question.is_refused(response.status_code):
                response.close()
                response = original(self, request, *args, **kwargs)
                question.told(response.status_code)
        except BaseException as error:
            _uploaded(upload)
            call.failed(error)
            raise
        finally:
            if question is not None:
                question.take_back()
            INSIDE.reset(inside)
        _uploaded(upload)
        _watch(call, response, tees, question)
        return response

    return send


def tap_send_async(module: Any, tees: TeeClasses, original: Any, observer: Observer) -> Any:
    """`AsyncClient.send`, observed."""

    async def send(self: Any, request: Any, *args: Any, **kwargs: Any) -> Any:
        call = None if INSIDE.get() else _begin(observer, request)
        if call is None:
            return await original(self, request, *args, **kwargs)
        inside, question = INSIDE.set(True), None
        upload = _upload(tees.uploads, call, request)
        try:
            if kwargs.get("stream"):
                question = _ask(observer.asked_usage, call, request, module)
            response = await original(self, request, *args, **kwargs)
            if question is not None and question.is_refused(response.status_code):
                await response.aclose()
                response = await original(self, request, *args, **kwargs)
                question.told(response.status_code)
        except BaseException as error:
            _uploaded(upload)
            call.failed(error)
            raise
        finally:
            if question is not None:
                question.take_back()
            with contextlib.suppress(ValueError):  # given up, and closed in another context
                INSIDE.reset(inside)
        _uploaded(upload)
        _watch(call, response, tees, question)
        return response

    return send


PATCHES: Final = (("Client", tap_send), ("AsyncClient", tap_send_async))
_NEEDED: Final = ("Client", "AsyncClient", "SyncByteStream", "AsyncByteStream", "ByteStream")


class _Question:
    """A request that asks for usage while it is sent, and is as it was before and afterwards."""

    def __init__(self, asked_usage: AskedUsage, call: Call, request: Any) -> None:
        self._asked_usage = asked_usage
        self._call = call
        self._request = request
        self.hides = True
        """Whether the answer has a chunk that only we asked for."""
        self._before: tuple[Any, bytes] | None = None
        self._headers: dict[str, tuple[str | None, str]] = {}

    def put(self, body: bytes, stream: Any) -> None:
        """Make it the request's *body*, of which *stream* is made."""
        request = self._request
        self._before = request.stream, request.content
        # The answer's extra chunk can be hidden in plain text only.
        ours = {"content-length": str(len(body)), "accept-encoding": "identity"}
        if "content-length" not in request.headers:  # sent in chunks
            del ours["content-length"]
        self._headers = {name: (request.headers.get(name), value) for name, value in ours.items()}
        stream.asks_usage = True
        request.stream, request._content = stream, body
        request.headers.update(ours)

    def is_refused(self, status: int) -> bool:
        """Whether it is to be sent as the caller made it: the *status* may be for what we added."""
        if status not in REFUSALS:
            return False
        self.take_back()
        return True

    def told(self, status: int) -> None:
        """Without the question, the answer has this *status*."""
        if status < 400:
            self._asked_usage.refused(self._call)
        self.hides = False

    def take_back(self) -> None:
        """Make the request what it was; what hooks and authentication have added meanwhile stays."""
        if self._before is None:
            return
        self._request.stream, self._request._content = self._before
        self._before = None
        headers = self._request.headers
        for name, (before, ours) in self._headers.items():
            if headers.get(name) != ours:
                continue
            if before is None:
                del headers[name]
            else:
                headers[name] = before


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
def _upload(uploads: Uploads, call: Call, request: Any) -> Upload | None:
    return uploads.begin(call, request)


@guarded
def _uploaded(upload: Upload | None) -> None:
    if upload is not None:
        upload.end()


@guarded
def _ask(asked_usage: AskedUsage, call: Call, request: Any, module: Any) -> _Question | None:
    question = _Question(asked_usage, call, request)
    if getattr(request.stream, "asks_usage", False):
        return (
            question  # the same request is under way already, and asks; whoever sent it first takes that back
        )
    body = asked_usage.body(call, request.headers)
    if body is None:
        return None
    question.put(body, module.ByteStream(body))
    return question


@guarded
def _watch(call: Call, response: Any, tees: TeeClasses, question: _Question | None) -> None:
    if hasattr(response, "_content"):  # read already, and decoded; the public property raises otherwise
        call.answered(response.status_code, response.headers, encoded=False)
        call.chunk(response.content)
        call.exhausted()
        if question is not None and question.hides:
            read = Hiding()
            response._content = read.feed(response.content) + read.end()
        return
    call.answered(response.status_code, response.headers)
    plain = response.headers.get("content-encoding", "identity") == "identity"
    stream = response.stream
    hiding = Hiding() if question is not None and question.hides and plain else None
    response.stream = tees.of(stream)(stream, call, hiding)
