"""Does a capture land the same however it is divided, ordered, repeated and encoded, and a part as far as it goes?

`OTEL_BURN_VARIATIONS=all` varies every capture in every way; in CI each capture is varied in some.
"""

import os
import random
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import pytest

from otel_burn_collector.journal.records import Kind

EVERYTHING = os.environ.get("OTEL_BURN_VARIATIONS") == "all"
CAPTURES: Final = (
    "claude-code-2.1.330",
    "claude-code-2.1.330__resume-fork",
    "codex-0.169.0",
    "gemini-cli-0.61.0",
    "openclaw-2026.4.29__chat-send",
    "opencode-1.18.33",
    "py-litellm-1.106.2__otel-callback",
    "py-openai+anthropic__openllmetry-0.62.4",
    "py-openai-3.54.0__otel-openai-v2-2.4b0",
    "py-openai-agents-0.24.0__openinference-2.6.0",
    "py-pydantic-ai-2.68.0__anthropic",
    "py-pydantic-ai-2.68.0__openai",
    "py-smolagents-1.26.0__openinference",
)
TOKENS: Final = (
    "uncached_input_tokens, cache_read_tokens, cache_write_tokens, output_tokens, reasoning_tokens"
)
CALLS: Final = f"""
    SELECT response_id, coalesce(response_model, request_model) AS model, status, {TOKENS}, cost_usd, cost_status
    FROM llm_calls
"""
METRICS: Final = "SELECT metric, model, input_tokens, output_tokens FROM usage_metrics"
Pieces = Sequence[Any]
History = Iterable[Pieces]
"""Batches of requests, in the order in which they come."""


def parts(pieces: Pieces, count: int) -> list[Pieces]:
    """*pieces* in so many batches, in their order."""
    size = max(1, -(-len(pieces) // count))
    return [pieces[first : first + size] for first in range(0, len(pieces), size)]


def singles(pieces: Pieces) -> list[Any]:
    """A request for each span, log record and data point."""
    return [
        type(piece).of(piece.kind, [(resource, scope, each)])
        for piece in pieces
        for resource, scope, item in piece.items()
        for each in (_points(item) if piece.kind is Kind.METRICS else [item])
    ]


def _points(metric: Any) -> Iterator[Any]:
    kind = metric.WhichOneof("data")
    for point in getattr(metric, kind).data_points if kind else ():
        one = type(metric)()
        one.CopyFrom(metric)
        del getattr(one, kind).data_points[:]
        getattr(one, kind).data_points.add().CopyFrom(point)
        yield one


def one_by_one(pieces: Pieces, dice: random.Random) -> History:
    """Every item in a request of its own, in any order."""
    found = singles(pieces)
    dice.shuffle(found)
    return parts(found, 8)


def shuffled(pieces: Pieces, dice: random.Random) -> History:
    """Requests in any order."""
    return parts(dice.sample(pieces, len(pieces)), 6)


def regrouped(pieces: Pieces, _: random.Random) -> History:
    """All of a signal in one request, equal resources and scopes written once."""
    for kind in dict.fromkeys(piece.kind for piece in pieces):
        mine = [piece for piece in pieces if piece.kind is kind]
        yield [type(mine[0]).of(kind, [item for piece in mine for item in piece.items()], grouped=True)]


def repeated(pieces: Pieces, dice: random.Random) -> History:
    """Each batch twice, all of it again, and once more item by item."""
    return [*(batch for batch in parts(pieces, 3) for _ in range(2)), pieces, *parts(singles(pieces), 2)]


def children_first(pieces: Pieces, _: random.Random) -> History:
    """Spans from the leaves of their traces up, then the rest."""
    spans = singles([piece for piece in pieces if piece.kind is Kind.TRACES])
    ids = [next(piece.items())[2] for piece in spans]
    above = {(span.trace_id, span.span_id): (span.trace_id, span.parent_span_id) for span in ids}

    def depth(place: int) -> int:
        at, steps = (ids[place].trace_id, ids[place].span_id), 0
        while at in above and steps < len(above):
            at, steps = above[at], steps + 1
        return steps

    order = sorted(range(len(spans)), key=depth, reverse=True)
    rest = [piece for piece in pieces if piece.kind is not Kind.TRACES]
    return [*parts([spans[place] for place in order], 5), *([rest] if rest else [])]


def logs_first(pieces: Pieces, _: random.Random) -> History:
    """Metrics and logs before the spans that they belong to."""
    return parts(sorted(pieces, key=lambda piece: piece.kind is Kind.TRACES), 4)


def rewritten(pieces: Pieces, change: Callable[[list[Any]], list[Any]]) -> list[Any]:
    """*pieces* with their attributes changed, those of resources, scopes, spans, events, records and points."""
    found = []
    for piece in pieces:
        request = type(piece.request).FromString(piece.request.SerializeToString())
        _rewrite(request, change)
        found.append(piece._replace(request=request))
    return found


def _rewrite(message: Any, change: Callable[[list[Any]], list[Any]]) -> None:
    for field, value in message.ListFields():
        if field.name == "attributes":
            copies = [type(each).FromString(each.SerializeToString()) for each in value]
            del value[:]
            value.extend(change(copies))
        elif field.message_type is not None and field.is_repeated:
            for each in value:
                _rewrite(each, change)
        elif field.message_type is not None:
            _rewrite(value, change)


def attributes_backwards(pieces: Pieces, _: random.Random) -> History:
    """As they came, and again with their attributes in another order."""
    return [pieces, rewritten(pieces, lambda pairs: pairs[::-1])]


def numbers_as(member: str, make: Callable[[int], Any]) -> Callable[[Pieces, random.Random], History]:
    """Whole numbers as another type: SDKs and relays differ."""

    def change(pairs: list[Any]) -> list[Any]:
        for pair in pairs:
            if pair.value.WhichOneof("value") == "int_value":
                setattr(pair.value, member, make(pair.value.int_value))
        return pairs

    return lambda pieces, _: [rewritten(pieces, change)]


VARIATIONS: Final[dict[str, Callable[[Pieces, random.Random], History]]] = {
    "one by one": one_by_one,
    "shuffled": shuffled,
    "regrouped": regrouped,
    "repeated": repeated,
    "children first": children_first,
    "logs first": logs_first,
    "attributes backwards": attributes_backwards,
    "numbers as texts": numbers_as("string_value", str),
    "numbers as doubles": numbers_as("double_value", float),
}
EACH: Final = 2
"""Variations of a capture in CI, so that each has at least two captures."""
CASES: Final = [
    (capture, name)
    for place, capture in enumerate(CAPTURES)
    for number, name in enumerate(VARIATIONS)
    if EVERYTHING or (number - place * EACH) % len(VARIATIONS) < EACH
]


def landed(world: Any) -> Counter[str]:
    """The calls of a ledger, and what its metrics say."""
    return Counter(repr(row) for sql in (CALLS, METRICS) for row in world.rows(sql))


@pytest.fixture(scope="module")
def unvaried() -> dict[str, Counter[str]]:
    """What each capture lands as, as it came."""
    return {}


@pytest.fixture
def whole(
    unvaried: dict[str, Counter[str]], make_world: Callable[[], Any], captures: Path, read_pieces: Any
) -> Callable[[str], Counter[str]]:
    """What a capture lands as, as it came."""

    def land(capture: str) -> Counter[str]:
        if capture not in unvaried:
            world = make_world()
            world.receive(read_pieces(captures / capture / "otlp"))
            unvaried[capture] = landed(world)
        return unvaried[capture]

    return land


@pytest.mark.recorded
@pytest.mark.parametrize(("capture", "name"), CASES)
def test_a_capture_lands_the_same_however_it_comes(
    world: Any, captures: Path, read_pieces: Any, whole: Any, capture: str, name: str
) -> None:
    """Its calls, tokens, costs and metrics; the ledger is opened anew between batches, and some are derived late."""
    dice = random.Random(f"{capture} {name}")
    for number, batch in enumerate(VARIATIONS[name](read_pieces(captures / capture / "otlp"), dice)):
        world.receive(batch, later=number % 2 == 1)
        if number % 3 == 2:
            world.restart()
    world.settle()
    assert landed(world) == whole(capture)


@pytest.mark.recorded
def test_captures_in_one_ledger_are_the_sum_of_each(
    world: Any, captures: Path, read_pieces: Any, whole: Any
) -> None:
    """Thirteen agents at once, their requests mixed: none takes a call from another."""
    dice = random.Random(1)
    pieces = [piece for capture in CAPTURES for piece in read_pieces(captures / capture / "otlp")]
    dice.shuffle(pieces)
    for batch in parts(pieces, 6):
        world.receive(batch)
    said = [Counter(repr(row) for row in world.rows(CALLS)), sum(map(whole, CAPTURES), Counter())]
    assert not said[0] - said[1]
    assert said[0].total() == sum(count for row, count in said[1].items() if "'response_id'" in row)


@pytest.mark.recorded
@pytest.mark.parametrize(
    "kept", [[Kind.TRACES], [Kind.LOGS], [Kind.METRICS]], ids=["traces", "logs", "metrics"]
)
@pytest.mark.parametrize("capture", CAPTURES)
def test_one_signal_alone_is_right_as_far_as_it_goes(
    world: Any, captures: Path, read_pieces: Any, whole: Any, capture: str, kept: list[Kind]
) -> None:
    """A call is as it would be with all of them, or says that it is not whole; metrics make none."""
    pieces = [piece for piece in read_pieces(captures / capture / "otlp") if piece.kind in kept]
    if not pieces:
        pytest.skip(f"{capture} has none")
    world.receive(pieces)
    known = {repr(row) for row in world.rows(CALLS)}
    doubt = "usage_status <> 'exact' OR cost_status NOT IN ('computed', 'not_metered')"
    unsure = {repr(row) for row in world.rows(f"{CALLS} WHERE {doubt}")}
    assert known - unsure <= set(whole(capture))
    if kept == [Kind.METRICS]:
        assert (known, [row for row in whole(capture) if "'metric'" in row and row not in landed(world)]) == (
            set(),
            [],
        )


@pytest.mark.recorded
@pytest.mark.parametrize("capture", ["claude-code-2.1.330", "codex-0.169.0", "py-pydantic-ai-2.68.0__openai"])
def test_the_same_ids_a_day_later_are_other_calls(
    world: Any, captures: Path, read_pieces: Any, whole: Any, capture: str
) -> None:
    """Compatible servers use response ids again, and small generators span ids: in another trace they are new."""
    pieces = read_pieces(captures / capture / "otlp")
    later = [piece._replace(request=_a_day_later(piece)) for piece in pieces]
    world.receive(pieces)
    world.receive(later)
    calls = {row: count for row, count in whole(capture).items() if "'response_id'" in row}
    found = Counter(repr(row) for row in world.rows(CALLS))
    assert found == {row: 2 * count for row, count in calls.items()}


def _a_day_later(piece: Any) -> Any:
    request = type(piece.request).FromString(piece.request.SerializeToString())
    for _, _, item in piece._replace(request=request).items():
        for name in (
            "start_time_unix_nano",
            "end_time_unix_nano",
            "time_unix_nano",
            "observed_time_unix_nano",
        ):
            if getattr(item, name, 0):
                setattr(item, name, getattr(item, name) + 24 * 3600 * 10**9)
        if getattr(item, "trace_id", b""):
            item.trace_id = bytes(255 - byte for byte in item.trace_id)
    return request
