"""Is each request read by the right format, and does nothing that arrives break one?"""

import json
from typing import Any

import pytest
from hypothesis import given, note, settings
from hypothesis import strategies as st

from otel_burn.formats import FORMATS, recognise
from otel_burn.formats.body import Body
from otel_burn.formats.format import About

FIELDS = (
    "id", "model", "messages", "tools", "system", "role", "content", "text", "type", "usage", "choices", "delta",
    "index", "message", "tool_calls", "function", "name", "arguments", "input", "partial_json", "error", "code",
    "prompt_tokens", "input_tokens", "output_tokens", "prompt_tokens_details", "cached_tokens", "finish_reason",
    "output", "response", "item", "item_id", "output_index", "contents", "parts", "candidates", "usageMetadata",
    "functionCall", "functionResponse", "toolConfig", "metadata", "contentBlockStart", "contentBlockDelta",
    "meta", "billed_units", "texts", "prompt", "data", "result", "outputs", "embeddings", "eval_count", "done",
)  # fmt: skip
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(FIELDS), inner, max_size=4),
    max_leaves=8,
)
BODY = st.dictionaries(st.sampled_from(FIELDS), JSON, max_size=5)
KINDS = st.sampled_from(
    ["message_start", "content_block_start", "content_block_delta", "message_delta", "error",
     "response.completed", "response.output_item.done", "message-end", "stream-end"]
)  # fmt: skip
EVENTS = st.lists(st.tuples(KINDS, BODY).map(lambda event: event[1] | {"type": event[0]}), max_size=4)


@settings(max_examples=200)
@given(asked=BODY, answered=BODY, events=EVENTS)
def test_no_body_breaks_a_format(
    asked: dict[str, Any], answered: dict[str, Any], events: list[dict[str, Any]]
) -> None:
    """Whatever JSON arrives, each format reads it or leaves it, and raises nothing."""
    body = Body(json.dumps(asked).encode())
    for spoken in FORMATS:
        note(spoken.name)
        spoken.is_request(body)
        spoken.read_request(body, "/v1/x")
        spoken.blocks(body)
        about = About("/model/anthropic.claude/x", body)
        spoken.read_response(answered, about)
        if spoken.stream is not None:
            stream = spoken.stream(about)
            for event in events:
                stream.add(event)
            stream.response()


CHAT = {"model": "m", "messages": []}
CLAUDE = {"anthropic_version": "x", "max_tokens": 1, "messages": []}
VERTEX = "/v1/projects/p/locations/global/publishers/anthropic/models"
CASES: list[tuple[str, str, dict[str, Any], str | None]] = [
    ("POST", "/v1/chat/completions", CHAT, "openai_chat"),
    ("post", "/v1/chat/completions", CHAT, "openai_chat"),
    ("POST", "/openai/deployments/gpt/chat/completions", {"messages": []}, "openai_chat"),
    ("GET", "/v1/chat/completions", CHAT, None),
    ("POST", "/v1/chat/completions", {"query": "not ours"}, None),
    ("POST", "/anthropic/v1/messages", CHAT | {"max_tokens": 1}, "anthropic_messages"),
    ("POST", "/v1/threads/thread_1/messages", {"role": "user", "content": "x"}, None),
    ("GET", "/v1/messages", {}, None),
    ("POST", "/serving-endpoints/m/invocations", {"messages": []}, "openai_chat"),
    ("POST", "/invocations", {"dataframe_split": {}}, None),
    ("POST", "/v1/completions", {"model": "m", "prompt": "x"}, "openai_completions"),
    ("POST", "/v1/responses", {"model": "m", "input": "x"}, "openai_responses"),
    ("POST", "/v1/responses/compact", {"model": "m", "input": []}, "openai_responses"),
    ("POST", "/v1/responses/input_tokens", {"model": "m", "input": []}, "openai_responses_count"),
    ("POST", "/v1/decisions", {"model": "m", "input": "x", "questions": []}, "openai_decisions"),
    ("POST", "/v1/decisions", {"model": "m"}, None),
    ("POST", "/v1/responses/resp_1/cancel", {}, "openai_responses_cancelled"),
    ("GET", "/v1/responses/resp_1", {}, "openai_responses_fetched"),
    ("GET", "/v1/responses/resp_1/input_items", {}, None),
    ("GET", "/v1/surveys/1/responses/5", {}, None),
    ("POST", "/v1/surveys/1/responses", {"answers": []}, None),
    ("POST", "/v1/embeddings", {"model": "m", "input": "x"}, "openai_embeddings"),
    ("POST", "/v1/images/generations", {"prompt": "x"}, "openai_images"),
    ("POST", "/v1/images/edits", {"prompt": "x", "model": "m"}, "openai_images"),
    ("POST", "/v1/audio/transcriptions", {"model": "m"}, "openai_transcription"),
    ("POST", "/v1/audio/speech", {"model": "m", "input": "x", "voice": "v"}, "openai_speech"),
    ("POST", "/v1/threads/thread_1/runs", {"assistant_id": "asst_1"}, "openai_assistants"),
    ("POST", "/v1/threads/thread_1/runs", {"assistant_id": "agent", "input": {}}, None),
    ("GET", "/v1/threads/thread_1/runs/run_1", {}, "openai_assistants_fetched"),
    ("GET", "/v1/threads/thread_1/runs", {}, None),
    ("POST", "/v1beta/models/m:generateContent", {"contents": []}, "gemini_generate"),
    ("POST", "/v1beta/models/m:streamGenerateContent", {"contents": []}, "gemini_generate"),
    ("POST", "/v1beta/models/m:generateContent", {"prompt": "not ours"}, None),
    ("GET", "/v1beta/models/m:generateContent", {"contents": []}, None),
    ("POST", "/v1beta/models/m:countTokens", {"contents": []}, "gemini_count_tokens"),
    ("POST", "/v1beta/models/m:embedContent", {"content": {}}, "gemini_embeddings"),
    (
        "POST",
        "/v1/models/m:predict",
        {"instances": [{"content": "x"}]},
        "gemini_predict_embeddings",
    ),
    ("POST", "/v1/models/m:predict", {"instances": [{"prompt": "x"}]}, "gemini_images"),
    ("POST", "/v1/endpoints/my-own-classifier:predict", {"instances": [[1, 2]]}, None),
    ("POST", "/v1beta/interactions", {"model": "m", "input": "x"}, "gemini_interactions"),
    ("GET", "/v1beta/interactions/int_1", {}, "gemini_interactions_fetch"),
    ("DELETE", "/v1beta/interactions/int_1", {}, None),
    ("POST", "/v1beta/interactions/int_1/cancel", {}, "gemini_interactions_cancelled"),
    ("POST", "/v1beta/decisions", {"model": "m", "input": "x", "questions": {}}, "gemini_decisions"),
    ("POST", "/v1/publishers/mistralai/models/m:rawPredict", {"messages": []}, "mistral_vertex"),
    ("POST", "/v1/fim/completions", {"model": "m", "prompt": "x"}, "mistral_fim"),
    ("POST", "/v1/agents/completions", {"agent_id": "a", "messages": []}, "mistral_agents"),
    ("POST", "/v1/conversations", {"inputs": "x"}, "mistral_conversations"),
    ("POST", "/v1/conversations/conv_1", {"inputs": "x"}, "mistral_conversations"),
    ("POST", "/v1/conversations/conv_1", {"metadata": {}}, None),
    ("GET", "/v1/conversations/conv_1", {}, None),
    ("POST", "/v1/ocr", {"document": {}}, "mistral_ocr"),
    ("POST", "/v2/chat", {"messages": []}, "cohere_chat"),
    ("POST", "/v1/chat", {"message": "x"}, "cohere_chat_v1"),
    ("POST", "/v1/chat", CHAT, "writer_chat"),
    ("POST", "/api/chat", CHAT, "ollama_chat"),
    ("POST", "/chat", CHAT, None),
    ("POST", "/api/generate", {"model": "m", "prompt": "x"}, "ollama_generate"),
    ("POST", "/api/embeddings", {"model": "m", "prompt": "x"}, "ollama_embed"),
    ("POST", "/v2/embed", {"texts": []}, "cohere_embed"),
    ("POST", "/v1/rerank", {"query": "x", "documents": []}, "cohere_rerank"),
    ("POST", "/v1/rerank", {"query": "x", "documents": [], "top_k": 1}, "voyage_rerank"),
    ("POST", "/v1/multimodalembeddings", {"inputs": []}, "voyage_embeddings"),
    ("POST", "/v1/completions", {"model": "palmyra-x4", "prompt": "x"}, "writer_completions"),
    ("POST", "/api/anthropic/v1/messages", CHAT, "anthropic_messages"),
    ("POST", "/v1/messages", {"messages": []}, None),
    ("POST", "/v1/messages/count_tokens", CHAT, "anthropic_count_tokens"),
    ("POST", "/v1/messages/batches", {"requests": []}, "anthropic_batch_creation"),
    ("GET", "/v1/messages/batches/msgbatch_1/results", {}, "anthropic_batch_results"),
    ("GET", "/v1/messages/batches/msgbatch_1", {}, None),
    ("POST", "/v1/messages/batches/msgbatch_1/cancel", {}, None),
    ("GET", "/v1/files/file-abc/content", {}, "openai_batch_output"),
    ("GET", "/v1/files/file-abc", {}, None),
    ("POST", "/v1/complete", {"prompt": "x", "max_tokens_to_sample": 1}, "anthropic_complete"),
    ("POST", f"{VERTEX}/claude-opus-5-5:rawPredict", CLAUDE, "anthropic_vertex"),
    ("POST", f"{VERTEX}/claude-opus-5-5%4020260101:streamRawPredict", CLAUDE, "anthropic_vertex"),
    ("POST", f"{VERTEX}/count-tokens:rawPredict", CHAT, "anthropic_count_tokens"),
    ("POST", "/model/us.x-v1%3A0/converse", {}, "bedrock_converse"),
    ("POST", "/model/us.x-v1%3A0/converse-stream", {"messages": []}, "bedrock_converse"),
    ("POST", "/model/arn%3Aaws%3Abedrock%3A%2Fx/invoke", {"messages": []}, "bedrock_invoke_chat"),
    ("POST", "/model/anthropic.x-v1:0/invoke-with-response-stream", CLAUDE, "bedrock_invoke_chat"),
    ("POST", "/model/x/invoke", {"prompt": "x"}, "bedrock_invoke_completion"),
    ("POST", "/model/x/invoke", {"inputText": "x"}, "bedrock_invoke_embeddings"),
    ("POST", "/model/x/invoke", {"inputText": "x", "textGenerationConfig": {}}, "bedrock_invoke_completion"),
    ("POST", "/model/x/count-tokens", {"input": {}}, "bedrock_count_tokens"),
    ("POST", "/chain/invoke", {"input": "a runnable's"}, None),
    ("POST", "/guardrail/g/version/1/apply", {"source": "INPUT"}, None),
    ("POST", "/agents/A/agentAliases/B/sessions/C/text", {"inputText": "x"}, "bedrock_agent_untraced"),
    (
        "POST",
        "/agents/A/agentAliases/B/sessions/C/text",
        {"inputText": "x", "enableTrace": True},
        "bedrock_agent",
    ),
    ("POST", "/agents/C", {"inputText": "x"}, "bedrock_agent_untraced"),
    ("POST", "/agents/C", {"name": "not Bedrock's"}, None),
    ("POST", "/flows/A/aliases/B", {"inputs": []}, "bedrock_flow"),
    ("POST", "/retrieveAndGenerate", {"input": {"text": "x"}}, "bedrock_retrieve_and_generate"),
    ("POST", "/rerank", {"queries": [], "rerankingConfiguration": {}}, "bedrock_rerank"),
    ("POST", "/v1beta/models/m:batchGenerateContent", {"batch": {}}, "gemini_batch_creation"),
    ("GET", "/v1beta/batches/b", {}, "gemini_batch_results"),
    ("GET", "/download/v1beta/files/f:download", {}, "gemini_batch_file"),
    ("POST", "/ml/v1/text/chat", {"messages": []}, "watsonx_chat"),
    ("POST", "/ml/v1/text/generation_stream", {"input": "x"}, "watsonx_generation"),
    ("POST", "/generate_stream", {"inputs": "x"}, "tgi_generate"),
    ("POST", "/generate", {"prompt": "x"}, None),
    ("POST", "/v1/models/o/m/predictions", {"input": {}}, "replicate_predictions"),
    ("GET", "/v1/predictions/p", {}, "replicate_fetched"),
    ("POST", "/", {}, None),
    ("POST", "", {}, None),
]


@pytest.mark.parametrize(("method", "path", "body", "name"), CASES, ids=lambda value: str(value)[:60])
def test_recognised(method: str, path: str, body: dict[str, Any], name: str | None) -> None:
    """A format is recognised by method, path and the shape of the body."""
    asked = Body(json.dumps(body).encode())
    found = next((spoken for spoken in recognise(method, path) if spoken.is_request(asked)), None)
    assert (found and found.name) == name


def test_the_table_has_no_row_twice() -> None:
    """Names are unique, and every format can be found by its own path."""
    assert len({spoken.name for spoken in FORMATS}) == len(FORMATS)
    for spoken in FORMATS:
        for path in spoken.paths:
            sent = "/x" + path.replace("*", "id")
            assert spoken in recognise(spoken.method, sent), (spoken.name, path)
