"""Do Anthropic's counts read right, in every way in which it and the hosts that imitate it report them?"""

from typing import Any

import pytest

from otel_burn.exchange import Response
from otel_burn.formats.anthropic_messages import FORMAT, Stream
from otel_burn.formats.body import Body
from otel_burn.formats.format import About
from otel_burn.usage import Usage

ABOUT = About("/v1/messages", Body(b"{}"))


def streamed(start: dict[str, Any], *deltas: dict[str, Any], end: dict[str, Any] | None = None) -> Response:
    """A stream with these usages at its start and in its deltas."""
    stream = Stream(ABOUT)
    stream.add({"type": "message_start", "message": {"usage": start}})
    for usage in deltas:
        stream.add({"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": usage})
    stream.add(end or {"type": "message_stop"})
    return stream.response()


START = {"input_tokens": 1000, "output_tokens": 1}
STREAMS: dict[str, tuple[dict[str, Any], dict[str, Any], tuple[int | None, int | None, int | None]]] = {
    "only output": (START, {"output_tokens": 7}, (1000, 7, None)),
    "all again": (
        START,
        {"input_tokens": 1000, "output_tokens": 7, "cache_read_input_tokens": 0},
        (1000, 7, 0),
    ),
    "input split late": (
        {"input_tokens": 8834, "output_tokens": 0},
        {"input_tokens": 18, "output_tokens": 426, "cache_read_input_tokens": 8831},
        (8849, 426, 8831),
    ),
    "cache told late, input including it": (
        {"input_tokens": 173_306, "output_tokens": 0},
        {"input_tokens": 173_306, "output_tokens": 9, "cache_read_input_tokens": 173_056},
        (173_306, 9, 173_056),
    ),
    "input known late": (
        {"input_tokens": 0, "output_tokens": 0},
        {"input_tokens": 31, "output_tokens": 5},
        (31, 5, None),
    ),
    "zeros in the end": (START, {"input_tokens": 0, "output_tokens": 5}, (1000, 5, None)),
    "nulls in the end": (START, {"input_tokens": None, "output_tokens": 5}, (1000, 5, None)),
    "a server tool read more": (
        {"input_tokens": 2000, "cache_read_input_tokens": 0, "cache_creation_input_tokens": 0},
        {"input_tokens": 9000, "output_tokens": 5, "cache_read_input_tokens": 0},
        (9000, 5, 0),
    ),
}


@pytest.mark.parametrize(("start", "delta", "expected"), STREAMS.values(), ids=STREAMS)
def test_a_delta_replaces_what_it_names(
    start: dict[str, Any], delta: dict[str, Any], expected: tuple[int | None, ...]
) -> None:
    """Counts of a delta are cumulative: input, output and cache reads of the whole stream."""
    usage = streamed(start, delta).usage
    assert usage is not None
    assert (usage.input_tokens, usage.output_tokens, usage.cache_read_tokens) == expected


def test_the_placeholder_is_never_the_output() -> None:
    """A stream that says nothing of its output after its start has none."""
    response = streamed(START)
    assert response.usage == Usage(input_tokens=1000)


def test_a_stream_may_end_with_done() -> None:
    """Where a host says `[DONE]` for `message_stop`, a stop reason makes it complete; the one alone does not."""
    assert streamed(START, {"output_tokens": 7}, end={"done": True}).complete
    assert not streamed(START, end={"done": True}).complete
    assert not streamed(START, {"output_tokens": 7}, end={"type": "ping"}).complete


def read(usage: dict[str, Any], **message: Any) -> Response:
    """The response with this usage."""
    return FORMAT.read_response({"type": "message", "content": [], "usage": usage} | message, ABOUT)


def test_lifetimes_follow_what_was_written_in_the_end() -> None:
    """A breakdown that only knows the start gets its one lifetime for the rest, else none."""
    five = {"ephemeral_5m_input_tokens": 10, "ephemeral_1h_input_tokens": 0}
    hour = {"ephemeral_5m_input_tokens": 0, "ephemeral_1h_input_tokens": 10}
    both = {"ephemeral_5m_input_tokens": 5, "ephemeral_1h_input_tokens": 5}
    found = []
    for created in (five, hour, both):
        usage = read({"input_tokens": 1, "cache_creation_input_tokens": 30, "cache_creation": created}).usage
        assert usage is not None
        found.append((usage.cache_write_5m_tokens, usage.cache_write_1h_tokens))
    assert found == [(30, 0), (0, 30), (None, None)]


def test_who_declined_after_writing_is_billed_too() -> None:
    """A fallback's earlier attempts stand beside the counts of the message, each under its model; silent ones don't."""
    iterations = [
        {"type": "message", "model": "claude-fable-5", "input_tokens": 50, "output_tokens": 9},
        {"type": "message", "model": "claude-sonnet-5", "input_tokens": 50, "output_tokens": 0},
        {"type": "message", "model": "claude-opus-5-5", "input_tokens": 20, "output_tokens": 4},
        {"type": "fallback_message", "model": "claude-opus-5-5", "input_tokens": 40, "output_tokens": 6},
    ]
    response = read({"input_tokens": 60, "output_tokens": 10, "iterations": iterations})
    assert [(one.model, one.usage) for one in response.more] == [
        ("claude-fable-5", Usage(input_tokens=50, output_tokens=9))
    ]
    assert response.usage == Usage(input_tokens=60, output_tokens=10)


@pytest.mark.parametrize("reason", ["refusal", "pause_turn", "model_context_window_exceeded"])
def test_an_answer_that_stops_early_is_complete(reason: str) -> None:
    """It is billed as any other."""
    response = read({"input_tokens": 60, "output_tokens": 10}, stop_reason=reason)
    assert (response.complete, response.finish_reasons, response.error_type) == (True, (reason,), None)


@pytest.mark.parametrize(
    "body",
    [
        {"type": "error", "error": {"type": "overloaded_error"}},
        {"error": {"code": 529, "type": "overloaded_error", "message": "busy"}},
    ],
)
def test_error_bodies(body: dict[str, Any]) -> None:
    """Anthropic's own, and those of hosts that leave its type out."""
    assert FORMAT.read_response(body, ABOUT).error_type == "overloaded_error"


def test_a_region_that_is_not_available_is_none() -> None:
    """The API says so where it does not tell."""
    assert read({"input_tokens": 1, "inference_geo": "not_available"}).region is None


def test_system_messages_within_the_conversation_are_system_blocks() -> None:
    """So are those before it."""
    asked = Body(
        b'{"system": "a", "messages": [{"role": "user", "content": "b"}, {"role": "system", "content": "c"}]}'
    )
    assert [block.kind for block in FORMAT.blocks(asked)] == ["system", "user", "system"]


def test_what_was_written_to_the_cache_is_the_sum_of_its_lifetimes_where_nobody_gives_it() -> None:
    """An answer without the total still says all that it read; without either, nothing is known."""
    five = {"ephemeral_5m_input_tokens": 60, "ephemeral_1h_input_tokens": 30}
    said = {"input_tokens": 3, "cache_read_input_tokens": 7, "output_tokens": 1}
    found = [read(said | more).usage for more in ({"cache_creation": five}, {"cache_creation": {}})]
    assert [each and (each.input_tokens, each.cache_write_tokens) for each in found] == [
        (100, 90),
        (10, None),
    ]
