"""Is Google's ADK read whole? The cache and what was thought stand in the answer that it records; 1.14 writes so."""

import json
from typing import Any

import pytest

SAID: dict[str, Any] = {
    "gen_ai.system": "gcp.vertex.agent",
    "gen_ai.request.model": "gemini-2.5-flash",
    "gcp.vertex.agent.session_id": "s1",
    "gen_ai.usage.input_tokens": 1135,
    "gen_ai.usage.output_tokens": 41,
}
USED = {"cached_content_token_count": 128, "thoughts_token_count": 12, "total_token_count": 1188}


@pytest.mark.parametrize("name", ["call_llm", "generate_content gemini-2.5-flash"])
def test_the_cache_and_the_thoughts_are_read(world: Any, name: str) -> None:
    """The output includes what was thought, as the total says; the call has a provider and a price."""
    answer = {"gcp.vertex.agent.llm_response": json.dumps({"usage_metadata": USED})}
    world.load(world.span("gcp.vertex.agent", SAID | answer, name=name))
    call = world.call()
    tokens = [
        call[each] for each in ("input_tokens", "cache_read_tokens", "output_tokens", "reasoning_tokens")
    ]
    assert tokens == [1135, 128, 53, 12]
    assert (call["provider"], call["session_id"], call["cost_status"]) == ("gcp.gemini", "s1", "computed")


@pytest.mark.parametrize(("model", "output"), [("openai/gpt-5", 43), ("gemini-2.5-flash", 50)])
def test_reasoning_that_an_answer_through_litellm_has_in_its_output_counts_once(
    world: Any, model: str, output: int
) -> None:
    """Version 2.13 adds it, which only Gemini's own answers need."""
    said = {
        "gen_ai.operation.name": "generate_content",
        "gen_ai.request.model": model,
        "gen_ai.usage.input_tokens": 1021,
        "gen_ai.usage.cache_read.input_tokens": 256,
        "gen_ai.usage.output_tokens": 50,
        "gen_ai.usage.reasoning.output_tokens": 7,
    }
    world.load(world.span("gcp.vertex.agent", said, name=f"generate_content {model}", scope_version="2.13.0"))
    call = world.call()
    assert (call["input_tokens"], call["output_tokens"], call["reasoning_tokens"]) == (1021, output, 7)


def test_another_providers_answer_keeps_its_output(world: Any) -> None:
    """Through LiteLLM the output includes the reasoning: the total says so."""
    used = {"cached_content_token_count": 256, "total_token_count": 1176}
    answer = {"gcp.vertex.agent.llm_response": json.dumps({"usage_metadata": used})}
    world.load(
        world.span(
            "gcp.vertex.agent", SAID | answer | {"gen_ai.request.model": "openai/gpt-5-mini"}, name="call_llm"
        )
    )
    call = world.call()
    assert (call["provider"], call["cache_read_tokens"], call["output_tokens"]) == ("openai", 256, 41)
