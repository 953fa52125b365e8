"""What does a span say about one HTTP attempt? From bytes to attributes, without effects."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain as concatenated
from typing import Final

from otel_burn import content, names
from otel_burn.anomalies import anomaly, own_total
from otel_burn.attempts import FETCH, deferred_id, new_call_id
from otel_burn.brief import brief, brief_value
from otel_burn.calls import Call
from otel_burn.contexts import Context
from otel_burn.exchange import AttributeValue, Request, Response
from otel_burn.formats.hosts import provider_of, region_of
from otel_burn.manifest import keeps_content
from otel_burn.prices import billed_model, price
from otel_burn.prices.reported import reported_usd
from otel_burn.reading import Reading
from otel_burn.usage import UsageStatus

MANIFEST_VERSION: Final = 2
UNBILLED: Final = frozenset({FETCH, "count_tokens", "create_batch", "invoke_agent", "invoke_workflow"})
"""Operations (`gen_ai.operation.name`) in which no model answers, or those in it are told one by one: their spans
carry no usage, and no word on it."""


@dataclass(frozen=True, slots=True)
class Description:
    """A span before it is one."""

    name: str
    attributes: dict[str, AttributeValue]
    failed: bool
    identity: str | None = None
    """What the span's ids are made of, where whoever reports the same thing again shall make the same span."""


def describe(
    call: Call,
    reading: Reading,
    response: Response,
    context: Context,
    *,
    call_id: str,
    number: int,
    providers: Mapping[str, str],
) -> Iterator[Description]:
    """The span of *call*, attempt *number* of the logical call *call_id*, and one for each further response in it.

    *providers* is the user's own table from host to provider.
    """
    format = reading.format
    assert format is not None  # noqa: S101 - the recorder asks only then
    request = format.read_request(reading.asked, call.path)
    known = provider_of(call.host, call.port, providers)
    who = known.name if known else format.provider
    fetched = format.operation == FETCH
    operation = "chat" if fetched and response.usage is not None else format.operation
    error = _error(call, response)
    attributes = concatenated(
        request.parameters.items(),
        call.labels.items(),
        _identity(call, request, response, operation, who),
        _timing(call, request),
        _outcome(call, response, error),
        () if fetched else _manifest(context),
        content.attributes(context.blocks, response) if keeps_content() else (),
        _answer(response),
        () if operation in UNBILLED else _usage(response),
        _cost(call, request, response, who),
        _numbering(call_id, number, reading.request_id),
    )
    yield Description(
        name=f"{operation} {brief(request.model or response.model or '')}".strip(),
        attributes=_present(attributes),
        failed=error is not None and error != ABANDONED,
    )
    for one in response.more:
        yield _described_further(call, one, who)


def _described_further(call: Call, response: Response, who: str) -> Description:
    """One of several model responses in the same HTTP answer: the provider made it long before."""
    asked = Request(model=response.model)
    call_id = deferred_id(response.id or new_call_id())
    attributes = concatenated(
        call.labels.items(),
        _identity(call, asked, response, "chat", who),
        (
            (names.RESPONSE_FINISH_REASONS, list(response.finish_reasons)),
            (names.ERROR_TYPE, response.error_type),
        ),
        _answer(response),
        _usage(response),
        _cost(call, asked, response, who),
        _numbering(call_id, 1, None),
    )
    return Description(
        name=f"chat {brief(response.model or '')}".strip(),
        attributes=_present(attributes),
        failed=response.error_type is not None,
        identity=f"{who} {response.id}" if response.id else None,
    )


ABANDONED: Final = "stream_abandoned"
"""`error.type` of a stream that the caller closed before its end: nobody's error, and not all of the usage."""
TRUNCATED: Final = "stream_truncated"
"""`error.type` of a stream that ended without the protocol's terminator."""


_ANY_LENGTH: Final = frozenset(
    {
        names.INPUT_MESSAGES, names.OUTPUT_MESSAGES, names.SYSTEM_INSTRUCTIONS, names.TOOL_DEFINITIONS,
        names.USAGE_RAW, names.TOOL_CALLS_ARGS, names.CONTEXT_HASHES, names.CONTEXT_KINDS, names.OUTPUT_HASHES,
    }
)  # fmt: skip
"""Attributes that are no identifiers, and have bounds of their own."""


def _present(attributes: Iterable[tuple[str, AttributeValue | None]]) -> dict[str, AttributeValue]:
    return {
        key: value if type(value) in _NUMBERS or key in _ANY_LENGTH else brief_value(value)
        for key, value in attributes
        if value is not None and value != []
    }


_NUMBERS: Final = frozenset({int, float, bool})


def _error(call: Call, response: Response) -> str | None:
    """Why this attempt brought no whole response: the caller's exception, the provider's class, the cut."""
    if call.error or response.error_type:
        return call.error or response.error_type
    if call.status >= 400:
        return str(call.status)
    if response.complete or 300 <= call.status < 400:
        return None
    return TRUNCATED if call.whole else ABANDONED


_Pairs = Iterator[tuple[str, AttributeValue | None]]


def _identity(call: Call, request: Request, response: Response, operation: str, who: str) -> _Pairs:
    yield names.OPERATION_NAME, operation
    yield names.PROVIDER_NAME, who
    yield names.REQUEST_MODEL, request.model
    yield names.REQUEST_STREAM, request.stream or None
    yield names.RESPONSE_ID, response.id
    yield names.RESPONSE_MODEL, response.model
    yield names.SERVICE_TIER, response.service_tier
    yield names.SPEED, response.speed
    yield names.REGION, response.region or region_of(call.host)
    yield names.SERVER_ADDRESS, call.host
    yield names.SERVER_PORT, call.port


def _timing(call: Call, request: Request) -> _Pairs:
    if request.stream and call.first_chunk_ns:
        yield names.RESPONSE_TIME_TO_FIRST_CHUNK, (call.first_chunk_ns - call.started_ns) / 1e9


def _outcome(call: Call, response: Response, error: str | None) -> _Pairs:
    broken = error is not None and call.status and call.status < 400
    reasons = response.finish_reasons or (("error",) if broken else ())
    yield names.RESPONSE_FINISH_REASONS, list(reasons)
    yield names.ERROR_TYPE, error
    yield names.HTTP_STATUS_CODE, call.status or None


def _numbering(call_id: str, number: int, request_id: str | None) -> _Pairs:
    yield names.REQUEST_ID, request_id
    yield names.CALL_ID, call_id
    yield names.ATTEMPT_NUMBER, number


def _usage(response: Response) -> _Pairs:
    yield names.USAGE_STATUS, str(response.usage_status)
    yield names.USAGE_RAW, response.usage_raw
    if (usage := response.usage) is None:
        return
    for field, name in _COUNTS:
        if (tokens := getattr(usage, field)) is not None:
            yield name, tokens
    for unit, quantity in usage.units.items():
        yield names.USAGE_UNITS[unit], quantity
    yield names.USAGE_ANOMALY, anomaly(usage, own_total(response))


_COUNTS: Final = (
    ("input_tokens", names.USAGE_INPUT_TOKENS),
    ("output_tokens", names.USAGE_OUTPUT_TOKENS),
    ("cache_read_tokens", names.USAGE_CACHE_READ_INPUT_TOKENS),
    ("cache_write_tokens", names.USAGE_CACHE_WRITE_INPUT_TOKENS),
    ("cache_write_5m_tokens", names.ANTHROPIC_CACHE_WRITE_5M),
    ("cache_write_1h_tokens", names.ANTHROPIC_CACHE_WRITE_1H),
    ("reasoning_tokens", names.USAGE_REASONING_OUTPUT_TOKENS),
    ("audio_input_tokens", names.USAGE_AUDIO_INPUT_TOKENS),
    ("audio_output_tokens", names.USAGE_AUDIO_OUTPUT_TOKENS),
    ("audio_cache_read_tokens", names.USAGE_AUDIO_CACHE_READ_INPUT_TOKENS),
    ("image_input_tokens", names.USAGE_IMAGE_INPUT_TOKENS),
    ("image_output_tokens", names.USAGE_IMAGE_OUTPUT_TOKENS),
)
"""The fields of `Usage` and their attributes."""


def _cost(call: Call, request: Request, response: Response, who: str) -> _Pairs:
    if (reported := reported_usd(response.usage_raw)) is not None:
        yield names.COST_REPORTED_USD, float(reported)
        yield names.COST_USD, float(reported)
        yield names.COST_STATUS, "reported"
        return
    if response.usage_status is not UsageStatus.EXACT or response.usage is None:
        return
    priced = price(
        provider=who,
        model=billed_model(who, request.model, response.model, call.host),
        at=datetime.fromtimestamp(call.started_ns / 1e9, UTC),
        usage=response.usage,
        service_tier="fast" if response.speed == "fast" else response.service_tier,
        host=call.host,
        region=response.region or region_of(call.host),
        asked=request.model,
    )
    yield names.COST_USD, None if priced.usd is None else float(priced.usd)
    yield names.COST_STATUS, priced.status


def _manifest(context: Context) -> _Pairs:
    blocks = context.blocks
    yield names.CONTEXT_VERSION, MANIFEST_VERSION
    yield names.CONTEXT_STATUS, "full" if context.base is None else "delta"
    yield names.CONTEXT_CHAIN, context.chain
    yield names.CONTEXT_BLOCKS, context.count
    yield names.CONTEXT_BASE, context.base
    yield names.CONTEXT_BASE_BLOCKS, None if context.base is None else context.base_blocks
    if not blocks:
        return
    yield names.CONTEXT_KINDS, [str(block.kind) for block in blocks]
    yield names.CONTEXT_HASHES, [block.hash for block in blocks]
    yield names.CONTEXT_BYTES, [block.size for block in blocks]
    yield names.CONTEXT_TOOLS, _unless_empty([block.tool for block in blocks])
    yield names.CONTEXT_TOOL_CALL_IDS, _unless_empty([block.tool_call_id for block in blocks])
    yield names.CONTEXT_ERRORS, _unless_empty([block.error for block in blocks])
    yield names.CONTEXT_SKETCHES, _unless_empty([block.sketch for block in blocks])


def _answer(response: Response) -> _Pairs:
    output, calls = response.output, response.tool_calls
    if response.complete and output:
        yield names.OUTPUT_KINDS, [str(block.kind) for block in output]
        yield names.OUTPUT_HASHES, [block.hash for block in output]
        yield names.OUTPUT_BYTES, [block.size for block in output]
    if not calls:
        return
    yield names.TOOL_CALLS_IDS, [call.id for call in calls]
    yield names.TOOL_CALLS_NAMES, [call.name for call in calls]
    yield names.TOOL_CALLS_ARGS_HASHES, [call.args_hash for call in calls]
    yield names.TOOL_CALLS_ARGS_BYTES, [call.args_size for call in calls]
    yield names.TOOL_CALLS_ARGS, [json.dumps(call.args, sort_keys=True) for call in calls]
    yield names.TOOL_CALLS_EFFECTS, [call.effect for call in calls]
    yield names.TOOL_CALLS_SKETCHES, _unless_empty([call.sketch for call in calls])


def _unless_empty(values: list[str]) -> list[str] | None:
    return values if any(values) else None
