"""What has been read of a call so far? The background thread's side of it."""

from typing import Any, Final

from otel_burn.answers import Answer
from otel_burn.calls import Call
from otel_burn.contexts import Known
from otel_burn.exchange import Response
from otel_burn.firewall import guarded
from otel_burn.formats.body import Body
from otel_burn.formats.format import About, Format

KEPT_HEADERS: Final = frozenset(
    {
    "content-type", "content-encoding", "request-id", "x-request-id", "x-amzn-requestid", "apim-request-id",
    "x-amzn-bedrock-input-token-count", "x-amzn-bedrock-output-token-count",
    "x-amzn-bedrock-cache-read-input-token-count", "x-amzn-bedrock-cache-write-input-token-count",
    "x-amzn-bedrock-service-tier", "x-amzn-bedrock-performanceconfig-latency", "x-amzn-errortype",
    "x-ms-served-model", "x-ms-region",
    }
)  # fmt: skip
"""The response headers that are looked at; no other is ever read."""
_REQUEST_IDS: Final = ("request-id", "x-request-id", "x-amzn-requestid", "apim-request-id")


class Reading:
    """One call, read: what it asks, in which format, and the answer as far as it came."""

    def __init__(self, call: Call, known: Known | None) -> None:
        self.asked = Body(call.request_body, known.beginning if known else None)
        self.format: Format | None = next((f for f in call.formats if f.is_request(self.asked)), None)
        """None when the body has the shape of no format that its path may speak."""
        self.known = known
        """What the body has in common with an earlier one."""
        if known is not None and (self.asked.beginning is None or known.seen.format is not self.format):
            self.asked, self.known = Body(call.request_body), None
        self._about = About(call.path, self.asked, _kept(call.response_headers))
        self._encoded = call.encoded
        self._answer: Answer | None = None

    @property
    def request_id(self) -> str | None:
        """The provider's id of the HTTP request."""
        return next((self._about.headers[name] for name in _REQUEST_IDS if name in self._about.headers), None)

    @guarded
    def feed(self, chunks: list[bytes]) -> None:
        """The next *chunks* of the answer."""
        if self.format is not None and chunks:
            if self._answer is None:
                self._answer = Answer(self.format, self._about, encoded=self._encoded)
            self._answer.feed(b"".join(chunks))  # 64 KiB at most, and a fifth of the work

    def response(self) -> Response:
        """The response; one that is not complete when there was none, or it can't be read."""
        return self._read() or Response(complete=False)

    @guarded
    def _read(self) -> Response | None:
        return None if self._answer is None else self._answer.response()


def _kept(headers: Any) -> dict[str, str]:
    """The headers that are looked at, whatever class holds them."""
    raw = getattr(headers, "raw", None)
    if raw is not None:  # httpx would decode all of them for each that is asked for
        pairs = [(name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in raw]
    else:
        pairs = [(str(name).lower(), str(value)) for name, value in headers.items()]
    return {name: value for name, value in pairs if name in KEPT_HEADERS and value}
