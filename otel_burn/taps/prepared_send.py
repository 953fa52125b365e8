"""How are requests and botocore tapped? Where their sessions send a prepared request, and below that, at urllib3.

Here is what urllib3 doesn't know: requests that some other adapter answers (recorded ones, a test's), and the
exception that the caller gets.
"""

from collections.abc import Callable
from types import ModuleType
from typing import Any, Final
from urllib.parse import urlsplit

from otel_burn.calls import Call
from otel_burn.firewall import guarded
from otel_burn.taps import bodies, urllib3_urlopen
from otel_burn.taps.files import WatchedFile
from otel_burn.taps.observer import INSIDE, Observer
from otel_burn.taps.patching import patch
from otel_burn.taps.sending import Sending, on_its_way

_SESSIONS: Final = (("Session", "PreparedRequest"), ("URLLib3Session", "URLLib3SSLError"))
"""Of requests and of botocore: the class whose `send` is tapped, and another by which the library is known."""


def install(module: ModuleType, observer: Observer) -> Callable[[], None] | None:
    """Tap the sessions of *module* and return the way back; None for a module that is only called so."""
    for session, known_by in _SESSIONS:
        if hasattr(module, session) and hasattr(module, known_by):
            return patch(getattr(module, session), "send", tap_send, observer)
    return None


def tap_send(original: Any, observer: Observer) -> Any:
    """`Session.send`, observed. A redirect is sent within it, by itself."""

    def send(self: Any, request: Any, *args: Any, **kwargs: Any) -> Any:
        if INSIDE.get() or on_its_way() is not None or not observer.active:
            return original(self, request, *args, **kwargs)
        sending = Sending(_begin(observer, request))
        with sending:
            response = original(self, request, *args, **kwargs)
            if (call := sending.arrived()) is not None:
                _watch(call, response)
            return response

    return send


@guarded
def _begin(observer: Observer, request: Any) -> Call | None:
    if not isinstance(request.url, str) or not isinstance(request.method, str):
        return None  # the library is about to say so
    url = urlsplit(request.url)
    headers = request.headers

    def body() -> bytes:
        return bodies.known(request.body, str(headers.get("content-type", ""))) or b""

    return observer.begin(request.method, url.hostname or "", url.port, url.path, body, headers)


@guarded
def _watch(call: Call, response: Any) -> None:
    """Show *call* a response that urllib3 didn't bring."""
    try:
        content, raw = response._content, response.raw
        if isinstance(content, bytes):
            call.answered(response.status_code, response.headers, encoded=False)
            call.chunk(content)
            call.exhausted()
        elif hasattr(raw, "_fp"):
            urllib3_urlopen.watch(call, raw, {"preload_content": False})
        elif raw is None:
            call.answered(response.status_code, response.headers)
            call.exhausted()
        else:
            call.answered(response.status_code, response.headers)
            response.raw = WatchedFile(raw, call)
    except BaseException:
        call.ended()
        raise
