"""Which OTLP requests does a file hold? Told by its content, whatever its name."""

import json
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from otel_burn_collector.journal.records import Encoding
from otel_burn_collector.otlp.bodies import parse
from otel_burn_collector.otlp.signals import LOGS, METRICS, SIGNALS, TRACES, Signal, bad_span
from otel_burn_collector.settings import MAX_REQUEST_BYTES

MAX_FILE_BYTES = 1 << 30
_GZIP = b"\x1f\x8b"


class NotOtlpError(Exception):
    """Why a file, or a line of it, holds no OTLP request."""


@dataclass(frozen=True)
class Body:
    """An OTLP request found in a file."""

    signal: Signal
    encoding: Encoding
    data: bytes
    items: int
    """Spans, log records or metrics in it."""


def bodies_in(name: str, data: bytes) -> tuple[list[Body], list[NotOtlpError]]:
    """The requests in the file *name*, and what in it is none: one reason when nothing is."""
    found = list(_found(name, data))
    bodies = [one for one in found if isinstance(one, Body)]
    others = [one for one in found if isinstance(one, NotOtlpError)]
    return bodies, others if bodies else others[:1]


def _found(name: str, data: bytes) -> Iterator[Body | NotOtlpError]:
    if data.startswith(_GZIP):
        try:
            data = _gunzip(data)
        except NotOtlpError as error:
            yield error
            return
    text = data.lstrip(b"\xef\xbb\xbf \t\r\n")
    # A request's first tag is a line feed, and a length of 123 an opening brace.
    if data[:1] == b"\n" and isinstance(body := _protobuf_body(name, data), Body):
        yield body
    elif text[:1] in (b"{", b"["):
        yield from _json_bodies(text)
    else:
        yield _protobuf_body(name, data)


def _gunzip(data: bytes) -> bytes:
    parts, size = [], 0
    while data:
        inflater = zlib.decompressobj(wbits=31)
        try:
            part = inflater.decompress(data, MAX_FILE_BYTES - size + 1)
        except zlib.error as error:
            raise NotOtlpError(f"its gzip is damaged ({error})") from error
        size += len(part)
        if size > MAX_FILE_BYTES or not inflater.eof:
            raise NotOtlpError("its gzip is cut short, or larger than 1 GiB unpacked")
        parts.append(part)
        data = inflater.unused_data
    return b"".join(parts)


def _json_bodies(text: bytes) -> Iterator[Body | NotOtlpError]:
    try:
        whole = json.loads(text)
    except (ValueError, RecursionError) as error:
        yield from _json_lines(text, error)
        return
    if isinstance(whole, list):
        for number, request in enumerate(whole, 1):
            yield from _request_bodies(request, f"entry {number}", json.dumps(request).encode())
    else:
        yield from _request_bodies(whole, "it", text)


def _json_lines(text: bytes, whole_error: Exception) -> Iterator[Body | NotOtlpError]:
    lines = [line for line in text.splitlines() if line.strip()]
    for number, line in enumerate(lines, 1):
        try:
            request = json.loads(line)
        except (ValueError, RecursionError) as error:
            yield NotOtlpError(f"line {number} is no JSON ({error if len(lines) > 1 else whole_error})")
            continue
        yield from _request_bodies(request, f"line {number}", line)


def _request_bodies(request: Any, where: str, text: bytes) -> Iterator[Body | NotOtlpError]:
    keys = list(request) if isinstance(request, dict) else []
    signals = [signal for signal in SIGNALS if signal.json_key in keys]
    if not signals:
        yield NotOtlpError(f"{where} has none of {', '.join(signal.json_key for signal in SIGNALS)}")
    for signal in signals:
        # As it came where that says one signal: then it is the same body as when it is sent.
        data = text if len(signals) == 1 else json.dumps({signal.json_key: request[signal.json_key]}).encode()
        yield _checked(signal, Encoding.JSON, data, where)


def _protobuf_body(name: str, data: bytes) -> Body | NotOtlpError:
    found = {signal.name: body for signal in SIGNALS if isinstance(body := _protobuf_as(signal, data), Body)}
    if not found:
        return NotOtlpError("it is neither JSON nor an OTLP request in protobuf")
    # The same bytes can read as two signals only by chance; then the name may tell.
    named = [body for signal, body in found.items() if signal in name.lower()]
    return (named or list(found.values()))[0]


def _protobuf_as(signal: Signal, data: bytes) -> Body | NotOtlpError:
    body = _checked(signal, Encoding.PLAIN, data, "it")
    if isinstance(body, NotOtlpError):
        return body
    request = parse(signal, data, Encoding.PLAIN)
    looks_right = _LOOKS_RIGHT[signal.name]
    if not any(looks_right(item) for item in _items(signal, request)):
        return NotOtlpError(f"it has no {signal.name}")
    return body


def _checked(signal: Signal, encoding: Encoding, data: bytes, where: str) -> Body | NotOtlpError:
    if len(data) > MAX_REQUEST_BYTES:
        return NotOtlpError(f"{where} is larger than {MAX_REQUEST_BYTES >> 20} MiB")
    try:
        request = parse(signal, data, encoding)
    except ValueError as error:
        return NotOtlpError(f"{where} is no OTLP request: {error}")
    return Body(signal, encoding, data, sum(1 for _ in _items(signal, request)))


_LEVELS = {
    TRACES.name: ("resource_spans", "scope_spans", "spans"),
    LOGS.name: ("resource_logs", "scope_logs", "log_records"),
    METRICS.name: ("resource_metrics", "scope_metrics", "metrics"),
}
# What the three have at the third level differs enough: ids of their lengths, a time, a kind of data.
_LOOKS_RIGHT: dict[str, Callable[[Any], bool]] = {
    TRACES.name: lambda span: bad_span(span) is None,
    LOGS.name: lambda record: bool(record.time_unix_nano or record.observed_time_unix_nano),
    METRICS.name: lambda metric: bool(metric.name) and metric.WhichOneof("data") is not None,
}


def _items(signal: Signal, request: Any) -> Iterator[Any]:
    resources, scopes, items = _LEVELS[signal.name]
    for resource in getattr(request, resources):
        for scope in getattr(resource, scopes):
            yield from getattr(scope, items)
