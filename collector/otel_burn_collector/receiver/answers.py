"""What does OTLP answer? The signal's response, or a google.rpc.Status, over HTTP in the request's own encoding."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from google.protobuf.duration_pb2 import Duration
from google.protobuf.json_format import MessageToJson
from google.protobuf.message import Message
from google.rpc.error_details_pb2 import BadRequest, RetryInfo
from google.rpc.status_pb2 import Status
from starlette.responses import Response

from otel_burn_collector.journal.records import Encoding
from otel_burn_collector.otlp.signals import Signal

PROTOBUF, JSON = "application/x-protobuf", "application/json"
RETRY_SECONDS = 1
"""Stock exporters give up after ten seconds altogether: a longer wait would lose the batch."""
MESSAGE_CHARACTERS = 300
"""Of a sentence: it may quote what was sent, and over gRPC goes into trailers, of which clients take 8 KiB."""
NO_PROFILES = "This collector keeps traces, logs and metrics, and no profiles. Don't send them again."


def retry_info(_: str = "") -> RetryInfo:
    """How long a client should wait before it tries again."""
    return RetryInfo(retry_delay=Duration(seconds=RETRY_SECONDS))


def _bad_request(sentence: str) -> Message:
    return BadRequest(field_violations=[BadRequest.FieldViolation(description=sentence)])


class _Meaning(NamedTuple):
    """What a refusal is called over gRPC, and what goes along with it."""

    code: int
    details: tuple[Callable[[str], Message], ...] = ()
    """Functions of the sentence."""


_MEANINGS = {
    400: _Meaning(3, (_bad_request,)),  # INVALID_ARGUMENT
    401: _Meaning(16),  # UNAUTHENTICATED
    403: _Meaning(7),  # PERMISSION_DENIED
    404: _Meaning(12),  # UNIMPLEMENTED
    405: _Meaning(12),
    413: _Meaning(8),  # RESOURCE_EXHAUSTED: without RetryInfo, or it would be sent again
    415: _Meaning(3, (_bad_request,)),
    500: _Meaning(13),  # INTERNAL: final, as sending it again would end the same way
    501: _Meaning(12),
    503: _Meaning(14, (retry_info,)),  # UNAVAILABLE: the only one that is worth another try
}
"""By the status over HTTP, which is how the code names a refusal."""


class RefusedError(Exception):
    """A request that is not accepted: the HTTP status, the sentence, and headers that say more."""

    def __init__(self, status: int, sentence: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(sentence[:MESSAGE_CHARACTERS].encode(errors="backslashreplace").decode())
        self.status = status
        self.headers = dict(headers or {})
        if self.may_retry:
            self.headers["retry-after"] = str(RETRY_SECONDS)

    @property
    def may_retry(self) -> bool:
        """Whether sending the same again may help."""
        return retry_info in _MEANINGS[self.status].details

    def said(self) -> Status:
        """The refusal as OTLP wants it, over HTTP and gRPC alike."""
        meaning = _MEANINGS[self.status]
        status = Status(code=meaning.code, message=str(self))
        for detail in meaning.details:
            status.details.add().Pack(detail(str(self)))
        return status


def accepted(signal: Signal, rejected: int) -> Message:
    """The answer to a request of which *rejected* items cannot be kept."""
    response = signal.response()
    if rejected:
        partial = response.partial_success
        setattr(partial, signal.rejected_field, rejected)
        partial.error_message = "Items with invalid ids or times beyond the year 2262 were left out."
    return response


def refused(refusal: RefusedError, encoding: Encoding) -> Response:
    """The answer over HTTP to a request that is not accepted."""
    return written(refusal.said(), encoding, refusal.status, refusal.headers)


def written(
    message: Message, encoding: Encoding, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """*message* over HTTP, in *encoding*."""
    if encoding & Encoding.JSON:
        return Response(MessageToJson(message, indent=None), status, headers, JSON)
    return Response(message.SerializeToString(), status, headers, PROTOBUF)
