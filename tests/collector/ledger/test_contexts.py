"""Do blocks pay exactly the call's bill, and does a tool call meet its result?"""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

SESSION = {"gen_ai.conversation.id": "s1"}


def context(
    *blocks: tuple[str, str, int], ids: list[str] | None = None, errors: list[str] | None = None
) -> dict[str, Any]:
    """The manifest of blocks (kind, hash, bytes)."""
    said: dict[str, Any] = {
        "burn.context.version": 1,
        "burn.context.status": "full",
        "burn.context.kinds": [kind for kind, _, _ in blocks],
        "burn.context.hashes": [block_hash for _, block_hash, _ in blocks],
        "burn.context.bytes": [size for _, _, size in blocks],
    }
    return (
        said
        | ({"burn.context.tool_call_ids": ids} if ids else {})
        | ({"burn.context.errors": errors} if errors else {})
    )


def asked(*calls: tuple[str, str, str]) -> dict[str, Any]:
    """Tool calls (id, name, hash of the arguments)."""
    return {
        "burn.tool_calls.ids": [call_id for call_id, _, _ in calls],
        "burn.tool_calls.names": [name for _, name, _ in calls],
        "burn.tool_calls.args_hashes": [args for _, _, args in calls],
        "burn.tool_calls.effects": ["run" for _ in calls],
    }


@settings(max_examples=12)
@given(
    sizes=st.lists(st.integers(0, 10**7), min_size=1, max_size=12),
    parts=st.tuples(st.integers(0, 10**6), st.integers(0, 10**6), st.integers(0, 10**6)),
)
def test_shares_sum_to_the_bill_exactly(world: Any, sizes: list[int], parts: tuple[int, int, int]) -> None:
    """Whatever the sizes of blocks and the parts of the input: tokens and dollars add up, and none is negative."""
    read, write, rest = parts
    usage = {
        "gen_ai.usage.input_tokens": read + write + rest,
        "gen_ai.usage.cache_read.input_tokens": read,
        "gen_ai.usage.cache_write.input_tokens": write,
    }
    blocks = [("user", f"{number:016x}", size) for number, size in enumerate(sizes)]
    span = world.chat(attributes=usage | context(*blocks))
    world.load(span)
    (call,) = world.rows(f"FROM llm_calls WHERE span_id = '{span['span_id']}'")
    found = world.rows(f"FROM context_blocks WHERE call_id = '{call['call_id']}'")
    bill = sum(line["usd"] for line in call["cost_lines"] if line["unit"] != "output_tokens")
    assert sum(block["tokens"] for block in found) == read + write + rest
    assert sum(block["cost_usd"] for block in found) == bill
    assert min(block["tokens"] for block in found) >= 0
    assert min(block["cost_usd"] for block in found) >= 0


def test_the_start_of_the_prompt_is_what_the_cache_served(world: Any) -> None:
    """Four equal blocks, a prompt half read from the cache: the first two pay the cache's rate."""
    usage = {"gen_ai.usage.input_tokens": 1000, "gen_ai.usage.cache_read.input_tokens": 500}
    blocks = [("user", f"{number:016x}", 10) for number in range(4)]
    world.load(world.chat(attributes=usage | context(*blocks)))
    rates = {line["unit"]: line["rate"] for line in world.call()["cost_lines"]}
    costs = [row["cost_usd"] for row in world.rows("FROM context_blocks ORDER BY position")]
    cached, uncached = 250 * rates["cache_read_tokens"], 250 * rates["input_tokens"]
    assert costs == [cached, cached, uncached, uncached]
    assert cached < uncached


def test_a_call_without_a_price_has_shares_of_tokens_only(world: Any) -> None:
    """No bill, no dollars; no usage, no tokens."""
    blocks = context(("user", "a" * 16, 10))
    world.load(world.chat(attributes=blocks | {"gen_ai.request.model": "mystery-9"}))
    world.load(
        world.chat(
            at=5, attributes=blocks | {"gen_ai.usage.input_tokens": None, "gen_ai.usage.output_tokens": None}
        )
    )
    found = world.rows("SELECT tokens, cost_usd FROM context_blocks ORDER BY tokens NULLS LAST")
    assert found == [{"tokens": 1000, "cost_usd": None}, {"tokens": None, "cost_usd": None}]


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_block_is_first_seen_in_the_first_call_that_sent_it(world: Any, order: tuple[int, int]) -> None:
    """By the calls' own time, not by arrival."""
    spans = [
        world.chat(at=0, attributes=SESSION | context(("system", "a" * 16, 9))),
        world.chat(at=9, attributes=SESSION | context(("system", "a" * 16, 9), ("user", "b" * 16, 9))),
    ]
    for number in order:
        world.load(spans[number])
    first, second = (call["call_id"] for call in world.calls())
    seen = world.rows("SELECT hash[1] AS hash, call_id, first_seen_call_id FROM context_blocks ORDER BY ALL")
    assert {(row["hash"], row["call_id"]): row["first_seen_call_id"] for row in seen} == {
        ("a", first): first,
        ("a", second): first,
        ("b", second): second,
    }


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_tool_call_meets_the_result_that_a_later_call_shows(world: Any, order: tuple[int, int]) -> None:
    """Asked for in one response, answered in the next context, in whichever order they arrive."""
    result = context(
        ("user", "b" * 16, 9), ("tool_result", "c" * 16, 77), ids=["", "t1"], errors=["", "Boom"]
    )
    spans = [
        world.chat(at=0, attributes=SESSION | asked(("t1", "bash", "args1"))),
        world.chat(at=9, attributes=SESSION | result),
    ]
    for number in order:
        world.load(spans[number])
    (call,) = world.rows("FROM tool_calls")
    assert (call["tool_name"], call["args_hash"], call["effect"], call["turn"], call["seq"]) == (
        "bash",
        "args1",
        "run",
        1,
        1,
    )
    assert (call["result_hash"], call["result_bytes"], call["error_class"]) == ("c" * 16, 77, "Boom")
    assert call["result_call_id"] == world.calls()[1]["call_id"]


def test_a_server_that_reuses_tool_call_ids_mixes_up_nothing(world: Any) -> None:
    """The second result with an id belongs to the second call with it."""
    one, two = ("tool_result", "1" * 16, 1), ("tool_result", "2" * 16, 2)
    world.load(world.chat(at=0, attributes=SESSION | asked(("call_0", "bash", "x"))))
    world.load(
        world.chat(at=5, attributes=SESSION | asked(("call_0", "bash", "y")) | context(one, ids=["call_0"]))
    )
    world.load(world.chat(at=9, attributes=SESSION | context(one, two, ids=["call_0", "call_0"])))
    found = world.rows("SELECT args_hash, result_hash[1] AS result FROM tool_calls ORDER BY seq")
    assert found == [{"args_hash": "x", "result": "1"}, {"args_hash": "y", "result": "2"}]


def test_tool_calls_are_numbered_through_the_session(world: Any) -> None:
    """seq counts the session's tool calls in the order in which they were asked for."""
    world.load(world.chat(at=9, attributes=SESSION | asked(("t3", "bash", "x"))))
    world.load(world.chat(at=0, attributes=SESSION | asked(("t1", "bash", "x"), ("t2", "read", "y"))))
    found = world.rows("SELECT tool_call_id, seq, turn FROM tool_calls ORDER BY seq")
    assert [(row["tool_call_id"], row["seq"], row["turn"]) for row in found] == [
        ("t1", 1, 1),
        ("t2", 2, 1),
        ("t3", 3, 2),
    ]


def test_a_manifest_with_uneven_lists_is_left_out(world: Any) -> None:
    """The call counts; a context whose lists disagree is no context."""
    world.load(world.chat(attributes=context(("user", "a" * 16, 9)) | {"burn.context.bytes": [1, 2]}))
    assert len(world.calls()) == 1
    assert world.rows("FROM context_blocks") == []


def test_money_is_exact(world: Any) -> None:
    """Dollars come back as decimals with twelve places."""
    world.load(world.chat(attributes=context(("user", "a" * 16, 9))))
    (block,) = world.rows("FROM context_blocks")
    assert isinstance(block["cost_usd"], Decimal)
    assert block["cost_usd"].as_tuple().exponent == -12
