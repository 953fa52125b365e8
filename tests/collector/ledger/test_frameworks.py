"""Is each agent framework's own telemetry, and each platform's autologging, one call a call? As seen in real runs."""

import json
from typing import Any

import pytest

STRANDS = "strands.telemetry.tracer"
MLFLOW = "mlflow.tracing.provider"
OPENLIT = "openlit.instrumentation.langchain"

COUNTS = ("input_tokens", "cache_read_tokens", "cache_write_tokens", "output_tokens", "reasoning_tokens")


def _strands(operation: str, model: str = "gpt-5-mini", **more: Any) -> dict[str, Any]:
    return {
        "gen_ai.operation.name": operation,
        "gen_ai.system": "strands-agents",
        "gen_ai.request.model": model,
        "gen_ai.usage.prompt_tokens": 1135,
        "gen_ai.usage.input_tokens": 1135,
        "gen_ai.usage.output_tokens": 53,
        "gen_ai.usage.total_tokens": 1188,
        "gen_ai.usage.cache_read.input_tokens": 128,
        "gen_ai.server.time_to_first_token": 2216,
        **more,
    }


def test_strands_counts_its_model_calls_alone(world: Any) -> None:
    """Its agents and cycles carry the sums of the calls below; it calls itself the provider, and its time is in ms."""
    agent = world.span(
        STRANDS, _strands("invoke_agent", **{"gen_ai.agent.name": "wx"}), name="invoke_agent wx"
    )
    cycle = world.span(
        STRANDS, _strands("execute_event_loop_cycle"), name="execute_event_loop_cycle", parent=agent
    )
    world.load(agent, cycle, world.span(STRANDS, _strands("chat"), name="chat", parent=cycle))
    call = world.call()
    assert [call[name] for name in COUNTS] == [1135, 128, None, 53, None]
    assert (call["provider"], call["agent"], call["ttft_ms"]) == ("openai", "wx", 2216)


MASTRA: dict[str, Any] = {
    "gen_ai.operation.name": "chat",
    "gen_ai.request.model": "gpt-5",
    "gen_ai.usage.input_tokens": 1007,
    "gen_ai.usage.output_tokens": 41,
    "gen_ai.usage.cache_read.input_tokens": 256,
}


@pytest.mark.parametrize(
    ("said", "provider"),
    [("openai.chat", "openai"), ("anthropic.messages", "anthropic"), ("google.generative-ai", "gcp.gemini")],
)
def test_mastra_names_an_api_as_the_provider(world: Any, said: str, provider: str) -> None:
    """Version 1.71, as Vercel's AI SDK does: the call has a price all the same."""
    world.load(
        world.span("@mastra/otel-exporter", MASTRA | {"gen_ai.provider.name": said}, name="chat gpt-5")
    )
    call = world.call()
    assert (call["provider"], call["input_tokens"], call["cache_read_tokens"]) == (provider, 1007, 256)


def test_what_openllmetry_for_javascript_tells_is_an_estimate(world: Any) -> None:
    """Version 0.27: no cached tokens, and of streams its own count, without a word which they are."""
    said = MASTRA | {"gen_ai.provider.name": "openai", "gen_ai.response.id": "chatcmpl-1"}
    del said["gen_ai.usage.cache_read.input_tokens"]
    world.load(world.span("@traceloop/instrumentation-openai", said, scope_version="0.27.0"))
    call = world.call()
    assert (call["input_tokens"], call["cost_status"]) == (1007, "estimated")


def test_vercels_sdk_wraps_an_embedding_in_a_span_of_its_kind(world: Any) -> None:
    """Version 7: the outer one says nothing of usage."""
    said = {
        "gen_ai.operation.name": "embeddings",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "text-embedding-3-small",
    }
    outer = world.span("gen_ai", said, name="embeddings text-embedding-3-small")
    world.load(outer, world.span("gen_ai", said | {"gen_ai.usage.input_tokens": 1119}, parent=outer))
    assert world.call()["input_tokens"] == 1119


def test_beeai_counts_its_calls_and_not_their_events(world: Any) -> None:
    """Under OpenInference 0.1.30 each token of a stream is a span of the kind of a model's."""
    said = {
        "openinference.span.kind": "LLM",
        "llm.model_name": "claude-sonnet-4-5",
        "llm.provider": "anthropic",
        "llm.token_count.prompt": 1119,
        "llm.token_count.completion": 57,
        "metadata.usage.cached_prompt_tokens": 256,
        "metadata.usage.cached_creation_tokens": 310,
    }
    scope = "openinference.instrumentation.beeai"
    above = world.span(scope, said, name="AnthropicChatModel")
    world.load(above, world.span(scope, {"openinference.span.kind": "LLM"}, name="new_token", parent=above))
    call = world.call()
    assert [call[name] for name in COUNTS] == [1119, 256, 310, 57, None]


def test_an_answers_id_is_no_session(world: Any) -> None:
    """Microsoft's Agent Framework 1.23 tells the answer before as the conversation, on agents and calls: each other."""
    said = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "gpt-5",
        "gen_ai.usage.input_tokens": 1014,
        "gen_ai.usage.output_tokens": 42,
    }
    scope = {"scope_version": "1.23.0"}
    spans = []
    for number in (1, 2, 3):
        before = {"gen_ai.conversation.id": f"resp_{number}"}
        agent = world.span(
            "agent_framework", {"gen_ai.operation.name": "invoke_agent", **before}, at=number, **scope
        )
        spans += [
            agent,
            world.span("agent_framework", said | before, name="chat gpt-5", parent=agent, at=number, **scope),
        ]
    world.load(*spans)
    assert {call["session_id"] for call in world.calls()}.isdisjoint({"resp_1", "resp_2", "resp_3"})
    assert len({call["session_id"] for call in world.calls()}) == 1


@pytest.mark.parametrize(
    ("model", "provider"),
    [
        ("us.anthropic.claude-sonnet-4-20250514-v1:0", "aws.bedrock"),
        ("amazon.nova-pro-v1:0", "aws.bedrock"),
        ("claude-sonnet-4-5", "anthropic"),
        ("o3", "openai"),
        ("openai/gpt-5-mini", "openai"),
        ("gemini/gemini-2.5-flash", "gcp.gemini"),
        ("models/gemini-2.5-flash", "gcp.gemini"),
        ("meta-llama/Llama-3.1-8B", None),
        ("my-own-model", None),
    ],
)
def test_a_models_name_tells_its_provider(world: Any, model: str, provider: str | None) -> None:
    """Where it is known whose names are such, and nobody said otherwise."""
    world.load(world.span(STRANDS, _strands("chat", model), name="chat"))
    assert world.call()["provider"] == provider


def test_strands_of_the_first_days_is_no_roll_up_either(world: Any) -> None:
    """Without an operation's name: the agent's span has a model and its usage as the model's span has."""
    said = {name: value for name, value in _strands("").items() if name != "gen_ai.operation.name"}
    agent = world.span("strands-agents", said, name="Agent")
    world.load(agent, world.span("strands-agents", said, name="Model invoke", parent=agent))
    assert world.call()["input_tokens"] == 1135


def _mlflow(
    usage: dict[str, int], output: dict[str, Any], form: str = "gemini", **more: Any
) -> dict[str, Any]:
    return {
        "mlflow.spanType": '"CHAT_MODEL"',
        "mlflow.message.format": f'"{form}"',
        "mlflow.llm.model": '"gemini-2.5-flash"' if form == "gemini" else '"gpt-5-mini"',
        "mlflow.chat.tokenUsage": json.dumps(usage),
        "mlflow.spanOutputs": json.dumps(output),
        **more,
    }


GEMINI = {"usage_metadata": {"thoughts_token_count": 38, "total_token_count": 1294}}
SAID = {"input_tokens": 1189, "output_tokens": 67, "total_tokens": 1294}
OPENAI = {
    "id": "chatcmpl-1",
    "usage": {
        "completion_tokens": 53,
        "completion_tokens_details": {"audio_tokens": 0, "reasoning_tokens": 12},
    },
}
CACHED = {"input_tokens": 1135, "output_tokens": 53, "total_tokens": 1188, "cache_read_input_tokens": 128}


@pytest.mark.parametrize("rounds", [1, 2])
def test_mlflow_tells_of_gemini_once_a_round(world: Any, rounds: int) -> None:
    """google-genai calls itself: its outer span repeats the last round; what was thought stands in the total."""
    outer = world.span(MLFLOW, _mlflow(SAID, GEMINI), name="Models.generate_content", seconds=3)
    inner = [
        world.span(MLFLOW, _mlflow(SAID, GEMINI), name="Models._generate_content", parent=outer, at=number)
        for number in range(rounds)
    ]
    world.load(outer, *inner)
    calls = world.calls()
    assert [[call[name] for name in COUNTS] for call in calls] == [[1189, None, None, 105, 38]] * rounds
    assert {call["provider"] for call in calls} == {"gcp.gemini"}


def test_mlflow_above_the_sdk_that_it_logs_too_is_one_call(world: Any) -> None:
    """One tracer serves LangChain's callback and OpenAI's SDK; the latter's answer has the details."""
    above = world.span(MLFLOW, _mlflow(CACHED, {"choices": []}, "langchain"), name="ChatOpenAI")
    world.load(above, world.span(MLFLOW, _mlflow(CACHED, OPENAI, "openai"), name="Completions", parent=above))
    call = world.call()
    assert [call[name] for name in COUNTS] == [1135, 128, None, 53, 12]
    assert (call["provider"], call["request_model"]) == ("openai", "gpt-5-mini")


def test_mlflow_tells_the_usage_of_embeddings_in_the_answer(world: Any) -> None:
    """It has no tokens of its own for them, nor the provider."""
    said = {
        "mlflow.spanType": '"EMBEDDING"',
        "mlflow.llm.model": '"text-embedding-3-small"',
        "mlflow.spanOutputs": json.dumps({"data": [], "usage": {"prompt_tokens": 59, "total_tokens": 59}}),
    }
    world.load(world.span(MLFLOW, said, name="Embeddings"))
    call = world.call()
    assert (call["operation"], call["input_tokens"], call["provider"]) == ("embeddings", 59, "openai")


def _openlit(text: str, given: int, made: int, **more: Any) -> dict[str, Any]:
    parts = [{"type": "text", "content": text}]
    return {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "gpt-5-mini",
        "gen_ai.request.stream": True,
        "gen_ai.usage.input_tokens": given,
        "gen_ai.usage.output_tokens": made,
        "gen_ai.usage.cache_read.input_tokens": 0,
        "gen_ai.output.messages": json.dumps([{"role": "assistant", "parts": parts}]),
        **more,
    }


@pytest.mark.parametrize(("made", "said"), [(17, None), (18, 18)])
def test_what_openlits_callback_makes_up_is_no_usage(world: Any, made: int, said: int | None) -> None:
    """Half as many tokens as the answer has characters, where a stream brought none."""
    world.load(world.span(OPENLIT, _openlit('final "answer" 2: it is nice now.', 4, made)))
    assert world.call()["output_tokens"] == said


def test_openlits_callback_names_no_model_of_anthropics_streams(world: Any) -> None:
    """It writes the vendor's name in its place; LangChain's sums include the cache, as its other spans do not."""
    more = {
        "gen_ai.provider.name": "anthropic",
        "gen_ai.request.model": "anthropic",
        "gen_ai.response.model": "anthropic",
    }
    cached = {"gen_ai.usage.cache_read.input_tokens": 256, "gen_ai.usage.cache_creation.input_tokens": 114}
    world.load(world.span(OPENLIT, _openlit("x", 1468, 54, **more, **cached)))
    call = world.call()
    assert [call[name] for name in COUNTS] == [1468, 256, 114, 54, None]
    assert call["request_model"] is call["response_model"] is None


SECRET = "the canary sings at dawn"
LEAKS = {
    "openinference.instrumentation.crewai": ("crew_agents", "crew_tasks", "crew_inputs"),
    "opentelemetry.instrumentation.crewai.instrumentation": (
        "crewai.crew.tasks",
        "crewai.crew.agents",
        "crewai.crew.result",
        "crewai.crew.tasks_output",
        "crewai.task.description",
    ),
    "openlit.instrumentation.crewai": ("gen_ai.crewai.crew.agents",),
    "logfire.openai_agents": ("input", "output", "raw_input", "response", "events"),
    "openlit.instrumentation.langgraph": ("gen_ai.workflow.input", "gen_ai.workflow.output"),
    MLFLOW: ("instructions", "mlflow.spanInputs"),
    "autogen SingleThreadedAgentRuntime": ("message",),
}


def test_what_frameworks_write_of_content_is_not_stored(world: Any) -> None:
    """In attributes, in events and in the text of log records."""
    events = [
        {"name": "gen_ai.choice", "at": 1, "attributes": {"tool.result": SECRET, "finish_reason": "stop"}},
        {"name": "mlflow.chunk.item.0", "at": 2, "attributes": {"mlflow.chunk.value": SECRET}},
    ]
    spans = [
        world.span(scope, dict.fromkeys(names, SECRET) | {"mine": "stays"}) for scope, names in LEAKS.items()
    ]
    log = world.log("semantic_kernel.kernel", "", {}) | {"body": f"Calling a function with args: {SECRET}"}
    world.load(*spans, world.span(STRANDS, {}, events=json.dumps(events)), logs=[log])
    stored = repr(world.rows("FROM spans") + world.rows("FROM logs"))
    assert SECRET not in stored
    assert stored.count("stays") == len(LEAKS)
    assert "finish_reason" in stored


def test_instructions_that_stand_twice_are_one_block(world: Any) -> None:
    """OpenLIT lists them beside the messages that begin with them."""
    parts = [{"type": "text", "content": "You help."}]
    messages = [
        {"role": "system", "parts": parts},
        {"role": "user", "parts": [{"type": "text", "content": "hi"}]},
    ]
    said = {"gen_ai.input.messages": json.dumps(messages), "gen_ai.system_instructions": json.dumps(parts)}
    world.load(world.chat("openlit.instrumentation.openai", attributes=said))
    blocks = world.rows("SELECT kind FROM context_blocks ORDER BY position")
    assert [block["kind"] for block in blocks] == ["system", "user"]


@pytest.mark.parametrize(
    ("scope", "agent"), [("crewai", "weather man"), ("openai_agents", "weather man"), ("langchain", "agent")]
)
def test_a_node_of_openinference_is_an_agent(world: Any, scope: str, agent: str) -> None:
    """But for LangGraph's nodes, which are steps: then it is the service."""
    said = {"openinference.span.kind": "AGENT", "graph.node.id": "weather man"}
    above = world.span(f"openinference.instrumentation.{scope}", said)
    world.load(above, world.chat("openinference.instrumentation.openai", parent=above))
    assert world.call()["agent"] == agent


HAYSTACK = {
    "an answer of OpenAI's": (
        {"llm.provider": "openai", "llm.model_name": "gpt-5-mini", "llm.token_count.prompt": 1135},
        "{'prompt_tokens': 1135, 'completion_tokens_details': {'audio_tokens': 0, 'reasoning_tokens': 12}, "
        "'prompt_tokens_details': {'cache_write_tokens': None, 'cached_tokens': 128}}",
        [1135, 128, None, 53, 12],
    ),
    "an answer of Anthropic's": (
        {"llm.system": "anthropic", "llm.model_name": "claude-sonnet-4-5", "llm.token_count.prompt": 1601},
        "{'cache_creation': {'ephemeral_1h_input_tokens': 105, 'ephemeral_5m_input_tokens': 205}, "
        "'cache_creation_input_tokens': 310, 'cache_read_input_tokens': 256, 'output_tokens_details': None}",
        [1601, 256, 310, 53, None],
    ),
}


@pytest.mark.parametrize("case", HAYSTACK)
def test_haystack_tells_the_cache_within_its_answer(world: Any, case: str) -> None:
    """OpenInference leaves it out; what the answer says of such counts in words is none."""
    said, usage, expected = HAYSTACK[case]
    reply = (
        f"ChatMessage(_content=[TextContent(text=\"it has 'cached_tokens': 7\")], _meta={{'usage': {usage}}})"
    )
    answer = {"llm.token_count.completion": 53, "output.value": json.dumps({"replies": [reply]})}
    scope = "openinference.instrumentation.haystack"
    world.load(world.span(scope, said | answer | {"openinference.span.kind": "LLM"}))
    assert [world.call()[name] for name in COUNTS] == expected


def test_haystacks_embeddings_tell_their_usage_within_the_answer(world: Any) -> None:
    """And the model's name alone says whose they are."""
    output = {
        "embedding": "<3-dimensional vector>",
        "meta": {"usage": {"prompt_tokens": 56, "total_tokens": 56}},
    }
    said = {
        "openinference.span.kind": "EMBEDDING",
        "embedding.model_name": "text-embedding-3-small",
        "output.value": json.dumps(output),
    }
    world.load(world.span("openinference.instrumentation.haystack", said))
    call = world.call()
    assert (call["provider"], call["input_tokens"], call["operation"]) == ("openai", 56, "embeddings")


@pytest.mark.parametrize("form", ["chat", "responses"])
def test_logfire_tells_of_openais_agents(world: Any, form: str) -> None:
    """Of Chat Completions the details stand in an object of its own; the answer is the last of the messages."""
    scope = "logfire.openai_agents"
    call = {
        "id": "call_1",
        "type": "function",
        "function": {"name": "get_weather", "arguments": '{"city": "Rome"}'},
    }
    asked, answered = {"role": "user", "content": "weather?"}, {"role": "assistant", "tool_calls": [call]}
    details = {
        "input_tokens_details": {"cached_tokens": 128},
        "output_tokens_details": {"reasoning_tokens": 12},
    }
    events = [{"event.name": f"gen_ai.{each['role']}.message", **each} for each in (asked, answered)]
    told = {"request_data": {"messages": [asked, answered]}} if form == "chat" else {"events": events}
    said = {
        "gen_ai.system": "openai",
        "gen_ai.request.model": "gpt-5-mini",
        "gen_ai.usage.input_tokens": 1135,
        "gen_ai.usage.output_tokens": 53,
        "usage": json.dumps(details),
        **{name: json.dumps(value) for name, value in told.items()},
    }
    turn = world.span(scope, {"agent_name": "weather"}, name="Turn 1")
    world.load(
        turn, world.span(scope, said, name="Chat completion with {gen_ai.request.model!r}", parent=turn)
    )
    found = world.call()
    assert [found[name] for name in COUNTS] == [1135, 128, None, 53, 12]
    assert (found["provider"], found["agent"]) == ("openai", "weather")
    assert [row["kind"] for row in world.rows("SELECT kind FROM context_blocks")] == ["user"]
    assert [row["tool_name"] for row in world.rows("SELECT tool_name FROM tool_calls")] == ["get_weather"]


def _vercel(provider: str, **more: Any) -> dict[str, Any]:
    return {
        "ai.operationId": "ai.streamText.doStream",
        "ai.model.provider": provider,
        "ai.model.id": "some-model",
        "gen_ai.system": provider,
        "ai.usage.outputTokens": 53,
        **more,
    }


@pytest.mark.parametrize(
    ("said", "provider"),
    [
        ("openai.chat", "openai"),
        ("openai.responses", "openai"),
        ("anthropic.messages", "anthropic"),
        ("google.generative-ai", "gcp.gemini"),
        ("google.vertex.chat", "gcp.vertex_ai"),
        ("vertex.anthropic.messages", "gcp.vertex_ai"),
        ("amazon-bedrock", "aws.bedrock"),
        ("azure-openai.responses", "azure.ai.openai"),
        ("groq.chat", "groq"),
        ("gateway", "gateway"),
    ],
)
def test_vercels_sdk_names_the_api_behind_the_provider(world: Any, said: str, provider: str) -> None:
    """As seen in version 6: its calls had no price."""
    details = {
        "ai.usage.inputTokens": 1320,
        "ai.usage.inputTokenDetails.noCacheTokens": 1064,
        "ai.usage.inputTokenDetails.cacheReadTokens": 256,
        "ai.usage.outputTokenDetails.reasoningTokens": 12,
    }
    world.load(world.span("ai", _vercel(said, **details), name="ai.streamText.doStream"))
    call = world.call()
    assert [call[name] for name in COUNTS] == [1320, 256, None, 53, 12]
    assert (call["provider"], call["stream"]) == (provider, True)


def test_vercels_sdk_once_left_out_anthropics_cache(world: Any) -> None:
    """Before version 6 it had no details of the input; what was written stands in the provider's own object."""
    told = {"anthropic": {"usage": {"input_tokens": 1064}, "cacheCreationInputTokens": 114}}
    said = {
        "ai.usage.inputTokens": 1064,
        "ai.usage.cachedInputTokens": 256,
        "ai.response.providerMetadata": json.dumps(told, separators=(",", ":")),
    }
    world.load(world.span("ai", _vercel("anthropic.messages", **said), name="ai.generateText.doGenerate"))
    assert [world.call()[name] for name in COUNTS] == [1434, 256, 114, 53, None]


def test_vercels_sdk_tells_of_embeddings(world: Any) -> None:
    """In names of their own; the sums of the function that was called count for none."""
    above = world.span("ai", {"ai.operationId": "ai.embed", "ai.usage.tokens": 69}, name="ai.embed")
    said = {
        "ai.operationId": "ai.embed.doEmbed",
        "ai.model.id": "text-embedding-3-small",
        "ai.usage.tokens": 69,
    }
    world.load(
        above,
        world.span("ai", said | {"gen_ai.system": "openai.embedding"}, name="ai.embed.doEmbed", parent=above),
    )
    call = world.call()
    assert (call["operation"], call["input_tokens"], call["provider"]) == ("embeddings", 69, "openai")
