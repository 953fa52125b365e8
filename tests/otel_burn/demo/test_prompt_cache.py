"""Does the cache model bill each token exactly once?"""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from otel_burn.demo.dialogue import Block, Consumption, Prompt, tokens
from otel_burn.demo.prompt_cache import PromptCache

BLOCKS = st.builds(
    Block,
    text=st.sampled_from(["a" * 40, "b" * 5_000, "c" * 9_000, "d" * 300]),
    lifetime=st.sampled_from([None, None, "5m", "1h"]),
)
CONVERSATIONS = st.lists(st.lists(BLOCKS, min_size=1, max_size=30), min_size=1, max_size=6)


def prompt(blocks: Sequence[Block]) -> Prompt:
    """A prompt of these blocks."""
    return Prompt(model="m", system="", blocks=tuple(blocks), turn=0)


def whole(blocks: Sequence[Block]) -> int:
    """All tokens of the blocks."""
    return sum(tokens(block.text) for block in blocks)


@given(CONVERSATIONS)
def test_read_written_and_uncached_tokens_are_the_whole_prompt(conversation: list[list[Block]]) -> None:
    """Whatever was sent before, each token stands in one class, and none is below zero."""
    marked, automatic = PromptCache(), PromptCache()
    for blocks in conversation:
        for used in (marked.marked(prompt(blocks)), automatic.automatic(prompt(blocks))):
            classes = (used.uncached, used.cache_read, used.cache_write_5m, used.cache_write_1h)
            assert min(classes) >= 0
            assert sum(classes) == used.input == whole(blocks)


@given(CONVERSATIONS)
def test_a_repeated_prompt_writes_nothing(conversation: list[list[Block]]) -> None:
    """What was just written is there."""
    cache = PromptCache()
    for blocks in conversation:
        first, second = cache.marked(prompt(blocks)), cache.marked(prompt(blocks))
        assert second.cache_write == 0
        assert second.cache_read == first.cache_read + first.cache_write


def test_a_changed_beginning_reads_nothing() -> None:
    """One other word before the long part, and the whole prefix is new: the heartbeat's mistake."""
    cache = PromptCache()
    long = Block("b" * 8_000, "1h")
    bills = [cache.marked(prompt([Block(time), long])) for time in ("It is 22:00", "It is 22:30")]
    assert bills == [Consumption(0, 0, 0, 2_003)] * 2
