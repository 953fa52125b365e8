"""What does a request bring? Its encoding by its headers, its body within a limit."""

from starlette.requests import Request

from otel_burn_collector.journal.records import Encoding
from otel_burn_collector.receiver.answers import JSON, PROTOBUF, RefusedError

_TYPES = {PROTOBUF: Encoding.PLAIN, JSON: Encoding.JSON}
_CODINGS = {"": Encoding.PLAIN, "identity": Encoding.PLAIN, "gzip": Encoding.GZIP}


def answer_encoding(request: Request) -> Encoding:
    """How to answer *request*: as it is written itself, and JSON when that is anything else."""
    return _TYPES.get(_content_type(request), Encoding.JSON)


def request_encoding(request: Request) -> Encoding:
    """How *request*'s body is written; `RefusedError` when it is nothing that OTLP knows."""
    content_type, coding = _content_type(request), request.headers.get("content-encoding", "").strip().lower()
    if content_type not in _TYPES:
        raise RefusedError(415, f"The content type is {content_type!r}; OTLP/HTTP is {PROTOBUF} or {JSON}.")
    if coding not in _CODINGS:
        raise RefusedError(
            415, f"The content encoding is {coding!r}; send gzip, or none.", {"accept-encoding": "gzip"}
        )
    return _TYPES[content_type] | _CODINGS[coding]


async def read_body(request: Request, limit: int) -> bytes:
    """The body of *request*; `RefusedError` as soon as it is known to be over *limit*."""
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > limit:
        raise _too_large(limit)
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > limit:
            raise _too_large(limit)
        parts.append(part)
    return b"".join(parts)


def _too_large(limit: int) -> RefusedError:
    # The rest of the body is not read: the connection has nothing to say any more.
    return RefusedError(
        413, f"The body is larger than {limit >> 20} MiB. Send smaller batches.", {"connection": "close"}
    )


def _content_type(request: Request) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()
