"""Does OpenAI's own SDK leave exact spans of responses, whichever way they are asked for?"""

import json
from collections.abc import Callable, Iterator
from typing import Any

import httpx2
import openai
import pytest
from opentelemetry.sdk.trace import ReadableSpan

from otel_burn import names
from otel_burn.exchange import BlockKind
from otel_burn.formats import openai_items, openai_responses
from otel_burn.formats.body import Body
from otel_burn.formats.format import About

Spans = Callable[[], list[ReadableSpan]]
ITEMS: list[dict[str, Any]] = [
    {"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": "let me look"}]},
    {"type": "reasoning", "id": "rs_2", "summary": [], "encrypted_content": "c2VhbGVk", "status": None},
    {"type": "web_search_call", "id": "ws_1", "status": "completed", "action": {"type": "search", "query": "main.py"}},
    {"type": "web_search_call", "id": "ws_2", "status": "completed", "action": {"type": "open_page", "url": "x"}},
    {"type": "file_search_call", "id": "fs_1", "status": "completed", "queries": ["main"],
     "results": [{"text": "def"}]},
    {"type": "code_interpreter_call", "id": "ci_1", "status": "completed", "code": "1+1", "container_id": "c",
     "outputs": [{"type": "logs", "logs": "2"}]},
    {"type": "mcp_list_tools", "id": "mcpl_1", "server_label": "files", "tools": [{"name": "ls", "input_schema": {}}]},
    {"type": "mcp_call", "id": "mcp_1", "server_label": "files", "name": "ls", "arguments": "{}", "output": "main.py"},
    {"type": "image_generation_call", "id": "ig_1", "status": "completed", "result": "aW1hZ2U="},
    {"type": "message", "id": "msg_1", "role": "assistant", "status": "completed", "content": [
        {"type": "output_text", "text": "It says ", "annotations": []}, {"type": "refusal", "refusal": "no more"}]},
    {"type": "function_call", "id": "fc_1", "call_id": "call_1", "name": "read_file", "status": "completed",
     "arguments": '{"path": "main.py"}'},
    {"type": "custom_tool_call", "id": "ctc_1", "call_id": "call_2", "name": "sh", "input": "ls -l"},
    {"type": "local_shell_call", "id": "lsh_1", "call_id": "call_3", "status": "completed",
     "action": {"type": "exec", "command": ["ls"], "env": {}}},
]  # fmt: skip
USAGE = {
    "input_tokens": 1000, "output_tokens": 200, "total_tokens": 1200,
    "input_tokens_details": {"cached_tokens": 800, "cache_write_tokens": 100,
                             "cache_write_tokens_details": {"ttl_30m_tokens": 60, "ttl_12h_tokens": 40}},
    "output_tokens_details": {"reasoning_tokens": 150},
}  # fmt: skip
ABOUT = About("/v1/responses", Body(b"{}"))


def response(**changed: Any) -> dict[str, Any]:
    """A whole response as the API sends it."""
    return {
        "id": "resp_1", "object": "response", "created_at": 1, "status": "completed", "model": "gpt-6-sol",
        "output": ITEMS, "usage": USAGE, "service_tier": "flex", "error": None, "incomplete_details": None,
        "parallel_tool_calls": True, "tool_choice": "auto", "tools": [], "background": False,
    } | changed  # fmt: skip


def events(last: str, **changed: Any) -> list[bytes]:
    """A stream that ends with *last*."""
    said: list[dict[str, Any]] = [
        {"type": "response.created", "response": response(status="in_progress", output=[], usage=None)},
        {"type": "response.output_text.delta", "delta": "It says "},
        *({"type": "response.output_item.done", "item": item} for item in ITEMS),
        {"type": last, "response": response(**changed)},
    ]
    return [
        f"event: {one['type']}\ndata: {json.dumps(one | {'sequence_number': at})}\n\n".encode()
        for at, one in enumerate(said)
    ]


@pytest.fixture
def sdk(server: Any) -> Iterator[openai.OpenAI]:
    """The real SDK, towards the loopback server."""
    with openai.OpenAI(base_url=f"{server.url}/v1", max_retries=0) as client:
        yield client


def attributes(spans: Spans) -> dict[str, Any]:
    """The attributes of the only span."""
    (span,) = spans()
    return dict(span.attributes or {})


def assert_exact(found: dict[str, Any]) -> None:
    """All of `USAGE` stands on a span, and what the provider's tools bill."""
    assert found[names.USAGE_STATUS] == "exact"
    assert found[names.USAGE_INPUT_TOKENS] == 1000
    assert found[names.USAGE_OUTPUT_TOKENS] == 200
    assert found[names.USAGE_CACHE_READ_INPUT_TOKENS] == 800
    assert found[names.USAGE_CACHE_WRITE_INPUT_TOKENS] == 100
    assert found[names.USAGE_REASONING_OUTPUT_TOKENS] == 150
    assert found["burn.usage.cache_write_30m_tokens"] == 60
    assert found["burn.usage.cache_write_12h_tokens"] == 40
    assert found["burn.usage.web_search_requests"] == 1
    assert found["burn.usage.images"] == 1
    assert json.loads(found[names.USAGE_RAW]) == USAGE
    assert found[names.SERVICE_TIER] == "flex"


@pytest.mark.parametrize("how", ["whole", "streamed"])
def test_a_response_is_read_whole(server: Any, spans: Spans, how: str, sdk: openai.OpenAI) -> None:
    """Usage, tier, tool calls, blocks and parameters, plain as streamed."""
    asked: dict[str, Any] = {
        "model": "gpt-6-sol", "input": "what does main.py do?", "instructions": "be brief", "max_output_tokens": 99,
        "reasoning": {"effort": "high"}, "previous_response_id": "resp_0", "conversation": "conv_1",
        "tools": [{"type": "function", "name": "read_file", "parameters": {}, "strict": True}],
    }  # fmt: skip
    if how == "whole":
        server.say(response())
        sdk.responses.create(**asked)
    else:
        server.stream(events("response.completed"))
        assert len(list(sdk.responses.create(**asked, stream=True))) == len(ITEMS) + 3
    found = attributes(spans)
    assert_exact(found)
    assert found[names.REQUEST_MODEL] == found[names.RESPONSE_MODEL] == "gpt-6-sol"
    assert found[names.REQUEST_MAX_TOKENS] == 99
    assert found[names.REQUEST_REASONING_LEVEL] == "high"
    assert found[names.REQUEST_PREVIOUS_RESPONSE_ID] == "resp_0"
    assert found[names.CONVERSATION_ID] == "conv_1"
    assert found[names.CONTEXT_KINDS] == ("tool_definition", "system", "user")
    assert found[names.TOOL_CALLS_NAMES] == ("read_file", "sh", "local_shell")
    assert found[names.RESPONSE_FINISH_REASONS] == ("stop",)
    assert found[names.OUTPUT_KINDS][0] == "reasoning"


def _lost(item: dict[str, Any]) -> set[str]:
    """What callers leave out; the id of what the provider ran is the only one that it has."""
    ran = {"web_search_call", "file_search_call", "mcp_call", "code_interpreter_call", "mcp_list_tools"}
    return {"status"} if item["type"] in ran else {"id", "status"}


@pytest.mark.parametrize("how", ["as it came", "without ids", "through the SDK"])
def test_answers_hash_as_they_are_sent_back(how: str) -> None:
    """The blocks of an answer are those of the request that carries it back, ids and states or not."""
    back: list[Any] = ITEMS
    if how == "without ids":
        back = [{k: v for k, v in item.items() if k not in _lost(item)} for item in ITEMS]
    if how == "through the SDK":
        parsed = openai.types.responses.Response.model_validate(response())
        back = [item.model_dump(mode="json", exclude_none=True) for item in parsed.output]
    answered = openai_responses.read_response(response(), ABOUT).output
    sent = openai_responses.FORMAT.blocks(Body(json.dumps({"model": "m", "input": back}).encode()))
    assert [(b.kind, b.hash, b.tool_call_id) for b in sent] == [
        (b.kind, b.hash, b.tool_call_id) for b in answered
    ]


def test_results_of_tools_are_read_with_their_names() -> None:
    """Outputs of every kind of tool are results, named by their calls, with their errors."""
    outputs: list[dict[str, Any]] = [
        {"type": "function_call_output", "call_id": "call_1", "output": "Traceback: ValueError"},
        {
            "type": "custom_tool_call_output",
            "call_id": "call_2",
            "output": [{"type": "input_text", "text": "ok"}],
        },
        {"type": "local_shell_call_output", "id": "call_3", "output": "exit code 2"},
        {"type": "item_reference", "id": "msg_9"},
    ]
    body = Body(json.dumps({"model": "m", "input": [*ITEMS[-3:], *outputs]}).encode())
    results = [b for b in openai_responses.FORMAT.blocks(body) if b.kind is BlockKind.TOOL_RESULT]
    assert [(b.tool, b.error) for b in results] == [
        ("read_file", "ValueError"), ("sh", ""), ("local_shell", "exit_code_2"),
    ]  # fmt: skip


def test_the_provider_s_own_count_of_searches_outranks_ours() -> None:
    """Billable searches are those that `tool_usage` names: discounted ones are not among them."""
    extra = {"web_search": {"num_requests": 3}, "image_gen": {"input_tokens": 5, "output_tokens": 6}}
    read = openai_responses.read_response(response(tool_usage=extra), ABOUT)
    assert read.usage is not None
    assert read.usage.units["web_search_requests"] == 3
    assert json.loads(read.usage_raw or "") == USAGE | {"tool_usage": extra}


@pytest.mark.parametrize(
    ("last", "changed", "reason", "error"),
    [
        ("response.incomplete", {"status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}},
         "max_output_tokens", None),
        ("response.failed", {"status": "failed", "error": {"code": "server_error", "message": "x"}},
         "error", "server_error"),
    ],
)  # fmt: skip
def test_every_terminator_ends_a_stream(
    server: Any,
    spans: Spans,
    last: str,
    changed: dict[str, Any],
    reason: str,
    error: str | None,
    sdk: openai.OpenAI,
) -> None:
    """An incomplete or failed response is over, too: its usage is exact, its reason is said."""
    server.stream(events(last, **changed))
    list(sdk.responses.create(model="gpt-6-sol", input="x", stream=True))
    found = attributes(spans)
    assert_exact(found)
    assert found[names.RESPONSE_FINISH_REASONS] == (reason,)
    assert found.get(names.ERROR_TYPE) == error


def test_an_error_within_a_stream_is_named(server: Any, spans: Spans) -> None:
    """An `error` event ends in the provider's code, and in no usage."""
    error = {
        "type": "error",
        "code": "rate_limit_exceeded",
        "message": "slow down",
        "param": None,
        "sequence_number": 2,
    }
    server.stream(
        [*events("response.completed")[:2], f"event: error\ndata: {json.dumps(error)}\n\n".encode()]
    )
    with httpx2.Client() as plain:
        plain.post(f"{server.url}/v1/responses", json={"model": "m", "input": "x", "stream": True})
    found = attributes(spans)
    assert found[names.ERROR_TYPE] == "rate_limit_exceeded"
    assert found[names.USAGE_STATUS] == "missing"
    assert found[names.RESPONSE_ID] == "resp_1"


def test_a_server_that_leaves_the_output_out_of_the_last_event() -> None:
    """The items that were done on the way stand for it."""
    stream = openai_responses.Stream(ABOUT)
    for data in events("response.completed", output=[]):
        stream.add(json.loads(data.partition(b"data: ")[2]))
    assert stream.response() == openai_responses.read_response(response(), ABOUT)


def test_background_is_counted_once_when_it_is_fetched(server: Any, spans: Spans, sdk: openai.OpenAI) -> None:
    """Queued, in progress, completed, fetched again: one logical call, and its usage once."""
    queued = response(status="queued", output=[], usage=None, background=True)
    done = response(background=True)
    for said in (queued, queued | {"status": "in_progress"}, done, done):
        server.say(said)
    made = sdk.responses.create(model="gpt-6-sol", input="x", background=True)
    for _ in range(3):
        sdk.responses.retrieve(made.id)
    found = [dict(span.attributes or {}) for span in spans()]
    assert [one[names.OPERATION_NAME] for one in found] == [
        "chat",
        "fetch_response",
        "chat",
        "fetch_response",
    ]
    assert [one.get(names.USAGE_INPUT_TOKENS) for one in found] == [None, None, 1000, None]
    assert len({one[names.CALL_ID] for one in found[:3]}) == 1


def test_a_background_stream_is_not_counted_again_by_a_fetch(
    server: Any, spans: Spans, sdk: openai.OpenAI
) -> None:
    """What a stream told to its end is told again by a fetch or by another stream of it, and counts once."""
    server.stream(events("response.completed", background=True))
    server.say(response(background=True))
    server.stream(events("response.completed", background=True)[5:])
    list(sdk.responses.create(model="gpt-6-sol", input="x", background=True, stream=True))
    sdk.responses.retrieve("resp_1")
    list(sdk.responses.retrieve("resp_1", stream=True, starting_after=4))
    assert [(s.attributes or {}).get(names.USAGE_INPUT_TOKENS) for s in spans()] == [1000, None, None]


def test_a_broken_background_stream_is_counted_when_it_is_picked_up(
    server: Any, spans: Spans, sdk: openai.OpenAI
) -> None:
    """A stream that was cut goes on with `starting_after`: that one has the usage."""
    cut = [
        data.replace(b'"background": false', b'"background": true') for data in events("response.completed")
    ]
    server.stream(cut[:3], cut=True)
    server.stream(cut[3:])
    with pytest.raises((httpx2.RemoteProtocolError, openai.APIConnectionError)):
        list(sdk.responses.create(model="gpt-6-sol", input="x", background=True, stream=True))
    list(sdk.responses.retrieve("resp_1", stream=True, starting_after=2))
    found = [dict(span.attributes or {}) for span in spans()]
    assert [one.get(names.USAGE_INPUT_TOKENS) for one in found] == [None, 1000]
    assert found[0][names.CALL_ID] == found[1][names.CALL_ID]


def test_a_stored_response_that_is_fetched_again_costs_nothing(
    server: Any, spans: Spans, sdk: openai.OpenAI
) -> None:
    """A fetch of what was answered at once carries no usage, and is no generation."""
    server.say(response())
    sdk.responses.retrieve("resp_1")
    found = attributes(spans)
    assert found[names.OPERATION_NAME] == "fetch_response"
    assert names.USAGE_INPUT_TOKENS not in found


def test_compaction_is_billed_and_counting_is_not(server: Any, spans: Spans, sdk: openai.OpenAI) -> None:
    """A compaction is a model's work; a count of tokens is none."""
    compacted = {"type": "compaction", "id": "cmp_1", "encrypted_content": "c2VhbGVk"}
    server.say(
        {
            "id": "resp_2",
            "object": "response.compaction",
            "created_at": 1,
            "output": [compacted],
            "usage": USAGE,
        }
    )
    server.say({"object": "response.input_tokens", "input_tokens": 11})
    sdk.responses.compact(model="gpt-6-sol", input="long")
    sdk.responses.input_tokens.count(model="gpt-6-sol", input="long")
    first, second = (dict(span.attributes or {}) for span in spans())
    assert first[names.USAGE_INPUT_TOKENS] == 1000
    assert first[names.OPERATION_NAME] == "chat"
    assert first[names.OUTPUT_HASHES] == tuple(b.hash for b in openai_items.item_blocks(compacted))
    assert second[names.OPERATION_NAME] == "count_tokens"
    assert names.USAGE_INPUT_TOKENS not in second


def test_a_decision_is_billed(server: Any, spans: Spans, sdk: openai.OpenAI) -> None:
    """Questions and input are the context; the answer is probabilities, and its usage is that of a response."""
    server.say({"answers": [{"type": "predicate", "probability": 0.9}], "model": "gpt-6-sol", "usage": USAGE})
    asked: Any = [{"type": "predicate", "instructions": "is it spam?"}]
    sdk.decisions.create(model="gpt-6-sol", input="buy now", questions=asked)
    found = attributes(spans)
    assert found[names.USAGE_CACHE_READ_INPUT_TOKENS] == 800
    assert found[names.CONTEXT_KINDS] == ("system", "user")


def test_a_parsed_response_is_read_like_any_other(server: Any, spans: Spans, sdk: openai.OpenAI) -> None:
    """`responses.parse` asks for a schema, and is answered by the same bytes."""
    server.say(response(output=[]))
    sdk.responses.parse(model="gpt-6-sol", input="x")
    assert attributes(spans)[names.USAGE_OUTPUT_TOKENS] == 200
