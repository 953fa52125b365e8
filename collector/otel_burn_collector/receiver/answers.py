"""What does OTLP/HTTP answer? The signal's response, or a google.rpc.Status, in the request's own encoding."""

from collections.abc import Mapping

from google.protobuf.json_format import MessageToJson
from google.protobuf.message import Message
from google.rpc.status_pb2 import Status
from starlette.responses import Response

from otel_burn_collector.journal.records import Encoding
from otel_burn_collector.otlp.signals import Signal

PROTOBUF, JSON = "application/x-protobuf", "application/json"
_CODES = {400: 3, 401: 16, 403: 7, 405: 12, 413: 8, 415: 3, 429: 8, 503: 14}
"""HTTP status to gRPC code."""


class RefusedError(Exception):
    """A request that is not accepted: the HTTP status, the sentence, and headers that say more."""

    def __init__(self, status: int, sentence: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(sentence)
        self.status = status
        self.headers = dict(headers or {})


def accepted(signal: Signal, encoding: Encoding, rejected: int) -> Response:
    """The answer to a request of which *rejected* items cannot be kept."""
    response = signal.response()
    if rejected:
        partial = response.partial_success
        setattr(partial, signal.rejected_field, rejected)
        partial.error_message = "Items with invalid ids or times beyond the year 2262 were left out."
    return _written(response, encoding, 200, {})


def refused(refusal: RefusedError, encoding: Encoding) -> Response:
    """The answer to a request that is not accepted."""
    status = Status(code=_CODES.get(refusal.status, 2), message=str(refusal))
    return _written(status, encoding, refusal.status, refusal.headers)


def _written(message: Message, encoding: Encoding, status: int, headers: Mapping[str, str]) -> Response:
    if encoding & Encoding.JSON:
        return Response(MessageToJson(message, indent=None), status, dict(headers), JSON)
    return Response(message.SerializeToString(), status, dict(headers), PROTOBUF)
