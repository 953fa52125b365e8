"""How does a logged call get into the ledger? As an OTLP span under a scope of ours, so it takes everybody's way.

Ids are made of what the log says, so that the same response makes the same span whenever and from wherever it is
imported. Several tellings of one response (a fork's copy, a log that was still being written) are spans of their own,
which the ledger joins, as they name the same call; the one with the lowest id is believed before the others, so ids
begin with what decides: when the session began, and how many rows are missing.
"""

from collections.abc import Iterator, Mapping
from hashlib import blake2b
from typing import Any, Final

from otel_burn import names
from otel_burn.brief import brief_value
from otel_burn.exchange import Block, Response
from otel_burn.otlp import Encoder, Span
from otel_burn.usage import Usage
from otel_burn_collector.session_logs.calls import LoggedCall

SCOPE: Final = "otel_burn.import"
"""The scope is this, a dot, and the agent's name in snake case."""
VERSION: Final = "1"
"""Of what is read out of logs; see `remembering.READ`."""
_CLIENT: Final = 3
_ERROR: Final = 2
_MOST_ROWS: Final = 0xFFFF
_Pairs = Iterator[tuple[str, Any]]
Telling = tuple[int, int]
"""The ids of a span: trace and span."""
_COUNTS: Final = {
    "input_tokens": names.USAGE_INPUT_TOKENS,
    "output_tokens": names.USAGE_OUTPUT_TOKENS,
    "cache_read_tokens": names.USAGE_CACHE_READ_INPUT_TOKENS,
    "cache_write_tokens": names.USAGE_CACHE_WRITE_INPUT_TOKENS,
    "cache_write_5m_tokens": names.ANTHROPIC_CACHE_WRITE_5M,
    "cache_write_1h_tokens": names.ANTHROPIC_CACHE_WRITE_1H,
    "reasoning_tokens": names.USAGE_REASONING_OUTPUT_TOKENS,
    "audio_input_tokens": names.USAGE_AUDIO_INPUT_TOKENS,
    "audio_output_tokens": names.USAGE_AUDIO_OUTPUT_TOKENS,
}


def scope_of(agent: str) -> str:
    """The instrumentation scope under which *agent*'s logged calls are reported."""
    return f"{SCOPE}.{agent.replace('-', '_')}"


def telling(call: LoggedCall) -> tuple[int, Telling]:
    """The response's own name, and how good this telling of it is: the least is the best."""
    return _name(call), _ids(call)


def request(call: LoggedCall) -> bytes:
    """One OTLP request with the span of *call*; requests can be put behind each other."""
    trace_id, span_id = _ids(call)
    response = call.response
    span = Span(
        name=f"chat {response.model or call.request_model or ''}".strip(),
        kind=_CLIENT,
        trace_id=trace_id,
        span_id=span_id,
        trace_state="",
        parent_id=None,
        parent_is_remote=False,
        started_ns=call.started_ns,
        ended_ns=max(call.started_ns, call.ended_ns),
        status=_ERROR if response.error_type else 0,
        scope=(scope_of(call.session.agent), VERSION),
    )
    return _encoder(call).request(span, dict(_present(call)))


def _name(call: LoggedCall) -> int:
    return _digest(call.session.agent, call.key, size=8)


def _ids(call: LoggedCall) -> tuple[int, int]:
    began = min(max(call.session.began_ns // 10**6, 1), 2**48 - 1)
    trace = began << 80 | _digest(call.session.agent, call.session.id, call.session.chain or "", size=10)
    missing = _MOST_ROWS - min(call.rows, _MOST_ROWS)
    usage = call.response.usage
    told = (usage.output_tokens if usage else None, call.ended_ns)
    return trace, missing << 48 | (_digest(call.session.agent, call.key, *map(str, told), size=6) or 1)


def _digest(*parts: str, size: int) -> int:
    data = "\x1f".join(parts).encode("utf-8", "surrogatepass")
    return int.from_bytes(blake2b(data, digest_size=size).digest(), "big")


def _encoder(call: LoggedCall) -> Encoder:
    """A process for each response: its tellings are reports of one emitter, and those of others of another.

    Where the log does not name its session, the process stands for that.
    """
    session = call.session
    process = f"{_name(call):016x}" if session.id else f"{_ids(call)[0]:032x}"
    resource: dict[str, Any] = {names.SERVICE_NAME: session.agent, names.SERVICE_INSTANCE_ID: process}
    resource |= {"service.version": session.version} if session.version else {}
    resource |= {names.PROJECT: session.project} if session.project else {}
    return Encoder(resource)


def _present(call: LoggedCall) -> _Pairs:
    for pairs in (
        _identity(call),
        _outcome(call),
        _usage(call.response),
        _context(call),
        _answer(call.response),
    ):
        for name, value in pairs:
            if value is not None and value != []:
                yield name, value


def _identity(call: LoggedCall) -> _Pairs:
    session, response = call.session, call.response
    yield names.OPERATION_NAME, "chat"
    yield names.CALL_ID, f"{_name(call):016x}"
    yield names.PROVIDER_NAME, call.provider
    yield names.REQUEST_MODEL, brief_value(call.request_model or response.model)
    yield names.RESPONSE_MODEL, brief_value(response.model)
    yield names.RESPONSE_ID, brief_value(response.id)
    yield names.REQUEST_ID, brief_value(call.request_id)
    yield names.CONVERSATION_ID, brief_value(session.id)
    yield names.PARENT_CONVERSATION_ID, brief_value(session.parent_id)
    yield names.AGENT_NAME, brief_value(call.agent)
    yield names.AGENT_ID, brief_value(session.chain)


def _outcome(call: LoggedCall) -> _Pairs:
    response = call.response
    yield names.RESPONSE_FINISH_REASONS, list(response.finish_reasons)
    yield names.ERROR_TYPE, brief_value(response.error_type)
    yield names.SERVICE_TIER, response.service_tier
    yield names.SPEED, response.speed
    yield names.REGION, response.region or None
    yield names.LOGGED_USD, call.reported_usd or None


def _usage(response: Response) -> _Pairs:
    yield names.USAGE_STATUS, str(response.usage_status)
    yield names.USAGE_RAW, response.usage_raw if response.usage else None
    usage = response.usage or Usage()
    for field, name in _COUNTS.items():
        yield name, getattr(usage, field)
    for unit, quantity in usage.units.items():
        yield names.USAGE_UNITS[unit], quantity


def _context(call: LoggedCall) -> _Pairs:
    if call.context is None:
        return
    place, base, blocks = call.context.listing()
    yield names.CONTEXT_VERSION, 2
    yield names.CONTEXT_STATUS, "delta"
    yield names.CONTEXT_CHAIN, f"{place.chain:016x}"
    yield names.CONTEXT_BLOCKS, place.count
    yield names.CONTEXT_BASE, f"{base.chain:016x}"
    yield names.CONTEXT_BASE_BLOCKS, base.count
    yield names.CONTEXT_KINDS, [str(block.kind) for block in blocks]
    yield names.CONTEXT_HASHES, [block.hash for block in blocks]
    yield names.CONTEXT_BYTES, [block.size for block in blocks]
    for name, field in _SPARSE.items():
        values = [getattr(block, field) for block in blocks]
        yield name, values if any(values) else None


_SPARSE: Final[Mapping[str, str]] = {
    names.CONTEXT_TOOLS: "tool",
    names.CONTEXT_TOOL_CALL_IDS: "tool_call_id",
    names.CONTEXT_ERRORS: "error",
    names.CONTEXT_SKETCHES: "sketch",
}


def _answer(response: Response) -> _Pairs:
    output: tuple[Block, ...] = response.output if response.complete else ()
    calls = response.tool_calls
    yield names.OUTPUT_KINDS, [str(block.kind) for block in output]
    yield names.OUTPUT_HASHES, [block.hash for block in output]
    yield names.OUTPUT_BYTES, [block.size for block in output]
    yield names.TOOL_CALLS_IDS, [call.id for call in calls]
    yield names.TOOL_CALLS_NAMES, [call.name for call in calls]
    yield names.TOOL_CALLS_ARGS_HASHES, [call.args_hash for call in calls]
    yield names.TOOL_CALLS_EFFECTS, [call.effect for call in calls]
    sketches = [call.sketch for call in calls]
    yield names.TOOL_CALLS_SKETCHES, sketches if any(sketches) else None
