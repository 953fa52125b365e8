"""Are the details of LangChain's usage read that LangSmith's exporter hides in texts?"""

import json
from typing import Any

import pytest

SAID: dict[str, Any] = {
    "gen_ai.operation.name": "chat",
    "gen_ai.system": "anthropic",
    "gen_ai.request.model": "claude-sonnet-4-5",
    "gen_ai.usage.input_tokens": 1601,
    "gen_ai.usage.output_tokens": 45,
    "gen_ai.usage.total_tokens": 1646,
}
DETAILS: dict[str, dict[str, Any]] = {
    "a Python dict": {
        "gen_ai.usage.input_token_details": "{'cache_read': 256, 'cache_creation': 310}",
        "gen_ai.usage.output_token_details": "{'reasoning': 7}",
    },
    "the answer": {
        "gen_ai.completion": json.dumps(
            {
                "usage_metadata": {
                    "input_token_details": {"cache_read": 256, "cache_creation": 310},
                    "output_token_details": {"reasoning": 7},
                }
            }
        )
    },
}


@pytest.mark.parametrize("where", DETAILS)
def test_the_cache_and_the_reasoning_are_read(world: Any, where: str) -> None:
    """Wherever they stand; what was said is not stored."""
    world.load(world.span("langsmith", SAID | DETAILS[where]))
    call = world.call()
    names = ("input_tokens", "cache_read_tokens", "cache_write_tokens", "output_tokens", "reasoning_tokens")
    assert [call[name] for name in names] == [1601, 256, 310, 45, 7]
    assert "usage_metadata" not in str(world.rows("FROM spans"))


def test_it_is_one_call_with_the_sdks_own_span(world: Any) -> None:
    """Its spans stand in traces of their own, and name no response."""
    native = {"gen_ai.response.id": "msg_1", "gen_ai.request.model": "claude-sonnet-4-5"}
    used = {"gen_ai.usage.input_tokens": 1601, "gen_ai.usage.output_tokens": 45}
    world.load(
        world.span("langsmith", SAID, seconds=2),
        world.chat("com.anthropic.sdk.python", at=0.5, attributes=native | used),
    )
    assert len(world.call()["sources"]) == 2
