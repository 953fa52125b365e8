"""Does each way in which LiteLLM tells of a call land as the call that it made? Names as version 1.110 writes them."""

from typing import Any

import pytest

USED = (
    "{'completion_tokens': 45, 'prompt_tokens': 1601, 'total_tokens': 1646, "
    "'completion_tokens_details': {'reasoning_tokens': 7, 'text_tokens': 38}, "
    "'prompt_tokens_details': {'cache_write_tokens': 310, 'cached_tokens': 256}}"
)
COUNTED = "{'completion_tokens': 10, 'prompt_tokens': 16, 'total_tokens': 26, 'prompt_tokens_details': None}"
MADE_UP = "chatcmpl-f2c3534b-3f7c-429f-8893-90a334d8d76d"
CALL: dict[str, Any] = {
    "gen_ai.operation.name": "acompletion",
    "gen_ai.system": "anthropic",
    "gen_ai.request.model": "claude-sonnet-4-5",
    "gen_ai.response.id": MADE_UP,
    "gen_ai.usage.input_tokens": 1601,
    "gen_ai.usage.output_tokens": 45,
    "litellm.call_id": "5303a589-679a-44a3-9bc9-8d159ea1e828",
    "metadata.usage_object": USED,
}
RAW: dict[str, Any] = {
    "llm.anthropic.id": "msg_1",
    "llm.anthropic.model": "claude-sonnet-4-5",
    "llm.anthropic.usage": (
        "{'input_tokens': 1035, 'cache_creation_input_tokens': 310, 'cache_read_input_tokens': 256, "
        "'cache_creation': {'ephemeral_5m_input_tokens': 205, 'ephemeral_1h_input_tokens': 105}, "
        "'output_tokens': 45}"
    ),
}
GEMINI: dict[str, Any] = {
    "llm.gemini.modelVersion": "gemini-2.5-flash",
    "llm.gemini.usageMetadata": (
        "{'promptTokenCount': 1198, 'candidatesTokenCount': 50, 'totalTokenCount': 1269, "
        "'thoughtsTokenCount': 21, 'cachedContentTokenCount': 128}"
    ),
}
WRAPPED = "resp_bGl0ZWxsbTpjdXN0b21fbGxtX3Byb3ZpZGVyOm9wZW5haTttb2RlbF9pZDpOb25lO3Jlc3BvbnNlX2lkOnJlc3BfMQ=="


def _tokens(call: dict[str, Any]) -> tuple[Any, ...]:
    names = ("input_tokens", "cache_read_tokens", "cache_write_tokens", "output_tokens")
    return tuple(call[name] for name in names)


def _raw(world: Any, said: dict[str, Any], **options: Any) -> Any:
    return world.span("litellm", said, name="raw_gen_ai_request", **options)


def test_an_asynchronous_call_keeps_its_cache(world: Any) -> None:
    """Its operation has LiteLLM's own name; the cache stands in a Python dict alone."""
    world.load(world.span("litellm", CALL))
    call = world.call()
    assert (call["operation"], call["response_id"], *_tokens(call)) == ("chat", None, 1601, 256, 310, 45)


def test_the_second_version_is_read(world: Any) -> None:
    """It says the cache by the convention, its price in names of its own, and a provider only before the model."""
    said = {
        "gen_ai.operation.name": "embeddings",
        "gen_ai.request.model": "some-model",
        "litellm.provider.model": "openai/some-model",
        "gen_ai.usage.input_tokens": 1601,
        "gen_ai.usage.output_tokens": 0,
        "gen_ai.usage.cache_creation.input_tokens": 310,
        "gen_ai.usage.cache_read.input_tokens": 256,
        "litellm.cost.total": 0.25,
    }
    world.load(world.span("litellm", said, scope_version="1.110.2"))
    call = world.call()
    assert (call["provider"], float(call["cost_usd"]), *_tokens(call)) == ("openai", 0.25, 1601, 256, 310, 0)


def test_the_proxys_alias_is_no_model_and_its_encrypted_id_no_id(world: Any) -> None:
    """The proxy puts the name that it was asked for into the answer, and hides the id of a Responses call."""
    above = world.span(
        "litellm",
        CALL
        | {
            "gen_ai.operation.name": "aresponses",
            "gen_ai.response.model": "my-claude",
            "gen_ai.response.id": f"resp_{'Sokz3yvpYehqbGxQJyBHkI8euGzCzH2hxnAhfXOHSg74RhCPQDHsyDYjzTGc' * 3}",
            "litellm.model_group": "my-claude",
            "litellm.provider.model": "anthropic/claude-sonnet-4-5",
            "http.route": "/v1/responses",
        },
        name="litellm_request",
    )
    world.load(above, _raw(world, RAW, parent=above))
    call = world.call()
    assert (call["request_model"], call["response_model"], call["response_id"]) == (
        "claude-sonnet-4-5",
        None,
        "msg_1",
    )


@pytest.mark.parametrize("stream", ["True", "False"])
def test_what_litellm_counts_itself_is_no_usage(world: Any, stream: str) -> None:
    """A stream of OpenAI's without usage gets tokens, and a price, of LiteLLM's own making."""
    said = CALL | {"gen_ai.system": "openai", "llm.is_streaming": stream, "metadata.usage_object": COUNTED}
    world.load(
        world.span(
            "litellm",
            said
            | {
                "gen_ai.usage.input_tokens": 16,
                "gen_ai.usage.output_tokens": 10,
                "gen_ai.cost.total_cost": 0.1,
            },
        )
    )
    call = world.call()
    assert (call["usage_status"], call["input_tokens"], call["cost_status"]) == (
        ("missing", None, "unpriced") if stream == "True" else ("exact", 16, "reported")
    )


def test_the_raw_answer_below_a_call_is_the_same_call(world: Any) -> None:
    """It knows the provider's id, and which lifetime the cache was written for; the call above made an id up."""
    above = world.span("litellm", CALL)
    world.load(above, _raw(world, RAW, parent=above))
    call = world.call()
    assert (call["response_id"], call["cache_write_1h_tokens"], *_tokens(call)) == (
        "msg_1",
        105,
        1601,
        256,
        310,
        45,
    )


def test_calls_in_a_span_of_the_program_are_as_many_as_their_answers(world: Any) -> None:
    """LiteLLM writes the last call's tokens on a span that is not its own, and each answer below it."""
    top = world.span("my.app", CALL | {"gen_ai.usage.input_tokens": 1198}, seconds=9)
    world.load(top, _raw(world, RAW, parent=top, at=1), _raw(world, GEMINI, parent=top, at=3))
    assert [_tokens(call) for call in world.calls()] == [(1601, 256, 310, 45), (1198, 128, None, 71)]


def test_one_call_in_a_span_of_the_program_is_one(world: Any) -> None:
    """With the answer below it or without."""
    alone = world.span("my.app", CALL)
    top = world.span("my.app", CALL, at=20)
    world.load(alone, top, _raw(world, RAW, parent=top, at=20))
    assert [_tokens(call) for call in world.calls()] == [(1601, 256, 310, 45)] * 2


def test_the_callback_and_the_wire_are_one_call(world: Any) -> None:
    """In traces of their own: by the provider's request id, or by the response's id inside of LiteLLM's."""
    wire = {"gen_ai.response.id": "msg_1", "burn.request.id": "req_1", "gen_ai.provider.name": "anthropic"}
    hidden = '{"additional_headers": {"llm_provider-request-id": "req_1"}}'
    world.load(
        world.chat(attributes=wire),
        world.span("litellm", CALL | {"hidden_params": hidden}),
        world.chat(attributes={"gen_ai.response.id": "resp_1", "gen_ai.provider.name": "openai"}, at=20),
        world.span(
            "litellm",
            CALL
            | {
                "gen_ai.system": "openai",
                "gen_ai.response.id": WRAPPED,
                "gen_ai.request.model": "claude-opus-4-8",
            },
            at=20,
        ),
    )
    assert [(call["response_id"], len(call["sources"])) for call in world.calls()] == [
        ("msg_1", 2),
        ("resp_1", 2),
    ]


def test_the_callback_and_openinference_are_one_call(world: Any) -> None:
    """A stream's spans are roots both, without an id of the provider's: equal usage at the same time pairs them."""
    said = {
        "openinference.span.kind": "LLM",
        "llm.model_name": "claude-sonnet-4-5",
        "llm.token_count.prompt": 1601,
        "llm.token_count.completion": 45,
        "output.value": f'{{"id": "{MADE_UP}"}}',
    }
    world.load(world.span("openinference.instrumentation.litellm", said), world.span("litellm", CALL, at=0.1))
    assert _tokens(world.call()) == (1601, 256, 310, 45)
