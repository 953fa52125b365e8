"""Does a captured span or record with nonsense in one attribute land as before but for that, or is it reported?

One of each dialect is cloned once for each attribute and odd value, and all the clones are loaded together.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, KeyValue, KeyValueList

from otel_burn_collector.journal.records import Kind

CAPTURES = (
    "claude-code-2.1.330",
    "codex-0.169.0",
    "gemini-cli-0.61.0",
    "openclaw-2026.4.29__chat-send",
    "opencode-1.18.33",
    "py-litellm-1.106.2__otel-callback",
    "py-openai+anthropic__openllmetry-0.62.4",
    "py-openai-3.54.0__otel-openai-v2-2.4b0",
    "py-openai-agents-0.24.0__openinference-2.6.0",
    "py-pydantic-ai-2.68.0__anthropic",
    "py-smolagents-1.26.0__openinference",
)
ABSENT: Final = object()
SAYS_NOTHING: Final = {
    "absent": ABSENT,
    "no value": AnyValue(),
    "no text": AnyValue(string_value=""),
    "no list": AnyValue(array_value=ArrayValue()),
    "unknown": AnyValue(int_value=-1),
}
"""How emitters leave something out."""
NONSENSE: Final = {
    "true": AnyValue(bool_value=True),
    "a negative": AnyValue(int_value=-7),
    "a million million": AnyValue(int_value=10**12),
    "2^63 - 1": AnyValue(int_value=2**63 - 1),
    "1e300": AnyValue(double_value=1e300),
    "a fraction": AnyValue(double_value=1.5),
    "NaN": AnyValue(double_value=float("nan")),
    "infinity": AnyValue(double_value=float("inf")),
    "a word": AnyValue(string_value="x"),
    "a fraction as text": AnyValue(string_value="1.5"),
    "a NUL": AnyValue(string_value="\x00ü"),
    "a long text": AnyValue(string_value="y" * 100_000),
    "a list": AnyValue(array_value=ArrayValue(values=[AnyValue(string_value="x")])),
    "an object": AnyValue(kvlist_value=KeyValueList(values=[KeyValue(key="a", value=AnyValue(int_value=1))])),
    "bytes": AnyValue(bytes_value=b"\xff\xfe"),
}
SECONDS = 20
"""Between two clones: further apart than what is joined."""
COUNTS = ("input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens", "reasoning_tokens")
MARKS = ("event.name", "openinference.span.kind", "langfuse.observation.type")
"""Attributes that make a record a report of a call: without them it is another record."""
Clone = tuple[str, str]


def examples(world: Any, pieces: list[Any], piece: Any) -> Iterator[tuple[str, Any]]:
    """Of each dialect that *pieces* speak a report with usage, alone in a request."""
    world.receive(pieces)
    chosen = {
        row["at"]: row["dialect"]
        for row in world.rows(
            "SELECT dialect, epoch_ns(arg_min(coalesce(ended_at, started_at), report_id)) AS at, signal "
            "FROM store.reports WHERE input_tokens > 0 GROUP BY ALL"
        )
    }
    for each in pieces:
        for resource, scope, item in each.items() if each.kind is not Kind.METRICS else ():
            at = item.end_time_unix_nano if each.kind is Kind.TRACES else (
                item.time_unix_nano or item.observed_time_unix_nano
            )  # fmt: skip
            names = {pair.key for pair in item.attributes}
            if at in chosen and any("token" in name for name in names):
                yield chosen.pop(at), piece.of(each.kind, [(resource, scope, item)])


def cloned(example: Any) -> tuple[Any, list[Clone]]:
    """*example* with clones of its item, and what each of them has in which attribute: the first is as it was."""
    request = type(example)(
        example.kind, type(example.request).FromString(example.request.SerializeToString())
    )
    ((_, scope, item),) = request.items()
    clones: list[Clone] = [("", "")]
    items = scope.spans if example.kind is Kind.TRACES else scope.log_records
    for place, pair in enumerate(item.attributes):
        for name, odd in (SAYS_NOTHING | NONSENSE).items():
            clone = items.add()
            clone.CopyFrom(item)
            if odd is ABSENT:
                del clone.attributes[place]
            else:
                clone.attributes[place].value.CopyFrom(odd)
            _move(clone, example.kind, len(clones))
            clones.append((pair.key, name))
    _move(item, example.kind, 0)
    return request, clones


def _move(item: Any, kind: Kind, number: int) -> None:
    """Give *item* a time and, as a span, a trace of its own."""
    later = number * SECONDS * 10**9
    if kind is Kind.TRACES:
        item.trace_id, item.span_id = (number + 1).to_bytes(16, "big"), (number + 1).to_bytes(8, "big")
        item.parent_span_id = b""
        item.start_time_unix_nano += later
        item.end_time_unix_nano += later
        del item.events[:]
    else:
        item.trace_id = item.span_id = b""
        item.time_unix_nano += later if item.time_unix_nano else 0
        item.observed_time_unix_nano += later


def landed(world: Any, example: Any, clones: list[Clone]) -> dict[Clone, list[dict[str, Any]]]:
    """The calls of each clone."""
    world.empty()
    world.receive([example])
    rows = world.rows(
        "SELECT call.*, report.corrections FROM (SELECT *, epoch_ns(started_at) AS began FROM llm_calls) AS call "
        "LEFT JOIN reports AS report USING (call_id) ORDER BY began"
    )
    found = defaultdict(list)
    for row in rows:
        number = round((row["began"] - rows[0]["began"]) / (SECONDS * 10**9))
        found[clones[number]].append(row)
    return found


def wrong_of(clone: Clone, calls: list[dict[str, Any]], whole: dict[str, Any]) -> str | None:
    """What is wrong with the *calls* of a clone of a *whole* one; None where nothing is."""
    if len(calls) != 1:
        return f"{len(calls)} calls"
    (call,) = calls
    more = [name for name in COUNTS if call[name] not in (None, whole[name])]
    less = [name for name in COUNTS if call[name] is None and whole[name] is not None]
    if more and clone[1] not in SAYS_NOTHING:
        return f"{more} made up: {[call[name] for name in more]} of {[whole[name] for name in more]}"
    is_told = call["corrections"] or clone[1] in SAYS_NOTHING or "usage_object" in clone[0]
    return f"{less} left out in silence" if less and not is_told else None


@pytest.mark.recorded
@pytest.mark.parametrize("capture", CAPTURES)
def test_nonsense_in_one_attribute_costs_no_more_than_its_call(
    make_world: Callable[[], Any], captures: Path, read_pieces: Any, piece: Any, capture: str
) -> None:
    """Each clone is one call; its counts are those of the whole one, or missing, and then it says why."""
    looked, wrong = make_world(), []
    dialects = list(examples(looked, read_pieces(captures / capture / "otlp"), piece))
    assert dialects
    for dialect, example in dialects:
        request, clones = cloned(example)
        found = landed(looked, request, clones)
        (whole,) = found[clones[0]]
        assert whole["input_tokens"] > 0
        for clone in clones[1:]:
            if clone[0] in MARKS or (clone[1] in SAYS_NOTHING and not found[clone]):
                continue
            if reason := wrong_of(clone, found[clone], whole):
                wrong.append((dialect, *clone, reason))
    assert not wrong, "\n".join(map(str, wrong))
