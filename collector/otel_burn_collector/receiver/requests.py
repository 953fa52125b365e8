"""What does a request over HTTP bring? Its encoding by its headers, its body within limits of size and time."""

import asyncio

from starlette.requests import Request

from otel_burn_collector.journal.records import Encoding
from otel_burn_collector.otlp.bodies import too_large
from otel_burn_collector.receiver.answers import JSON, PROTOBUF, RefusedError
from otel_burn_collector.receiver.budget import Claim

BODY_SECONDS = 20.0
"""For a body to arrive. Stock exporters wait ten seconds for their answer."""
_TYPES = {PROTOBUF: Encoding.PLAIN, JSON: Encoding.JSON}
_CODINGS = {"": Encoding.PLAIN, "identity": Encoding.PLAIN, "gzip": Encoding.GZIP, "zstd": Encoding.ZSTD}


def answer_encoding(request: Request) -> Encoding:
    """How to answer *request*: as it is written itself, and JSON when that is anything else."""
    return _TYPES.get(_content_type(request), Encoding.JSON)


def request_encoding(request: Request) -> Encoding:
    """How *request*'s body is written; `RefusedError` when it is nothing that OTLP knows."""
    content_type, coding = _content_type(request), request.headers.get("content-encoding", "").strip().lower()
    if content_type not in _TYPES:
        raise RefusedError(415, f"The content type is {content_type!r}; OTLP/HTTP is {PROTOBUF} or {JSON}.")
    if coding not in _CODINGS:
        sentence = f"The content encoding is {coding!r}; send gzip, zstd, or none."
        raise RefusedError(415, sentence, {"accept-encoding": "gzip, zstd"})
    return _TYPES[content_type] | _CODINGS[coding]


async def read_body(request: Request, limit: int, claim: Claim) -> bytes:
    """The body of *request*; `RefusedError` as soon as it is known to be over *limit*, or takes too long."""
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > limit:
        raise RefusedError(413, too_large(limit))
    try:
        async with asyncio.timeout(BODY_SECONDS):
            return await _read(request, limit, claim)
    except TimeoutError as error:
        sentence = f"The body did not arrive within {BODY_SECONDS:.0f} seconds."
        raise RefusedError(503, sentence, {"connection": "close"}) from error


async def _read(request: Request, limit: int, claim: Claim) -> bytes:
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > limit:
            raise RefusedError(413, too_large(limit))
        claim.add(len(part))
        parts.append(part)
    return b"".join(parts)


def _content_type(request: Request) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()
