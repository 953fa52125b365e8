"""Is what others record of a conversation reduced to the blocks that we make of it, and the rest left out?"""

import json
from typing import Any

import pytest

from otel_burn.formats import openai_messages
from otel_burn.manifest import hash_text, tool_call

SECRET = "the canary sings at dawn"
ARGUMENTS = {"path": f"{SECRET}.txt"}
TOOL = {"name": "read_file", "description": f"reads {SECRET}", "parameters": {"type": "object"}}
CALL = {
    "id": "call_1",
    "type": "function",
    "function": {"name": "read_file", "arguments": json.dumps(ARGUMENTS)},
}
ASKED: list[dict[str, Any]] = [
    {"role": "system", "content": f"you know {SECRET}"},
    {"role": "user", "content": f"read {SECRET}"},
    {"role": "assistant", "content": f"I read {SECRET}", "tool_calls": [CALL]},
    {"role": "tool", "tool_call_id": "call_1", "content": f"Error: no file {SECRET}"},
]
ANSWER = {"role": "assistant", "content": f"no such {SECRET}", "tool_calls": [CALL | {"id": "call_2"}]}


def _parts(message: dict[str, Any]) -> dict[str, Any]:
    """A message by the schema of the GenAI convention."""
    if message["role"] == "tool":
        response = {"type": "tool_call_response", "id": "call_1", "response": message["content"]}
        return {"role": "tool", "parts": [response]}
    calls = [
        {"type": "tool_call", "id": call["id"], "name": "read_file", "arguments": ARGUMENTS}
        for call in message.get("tool_calls", ())
    ]
    return {"role": message["role"], "parts": [{"type": "text", "content": message["content"]}, *calls]}


def _indexed(prefix: str, messages: list[Any], wrap: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for number, message in enumerate(messages):
        at = f"{prefix}.{number}.{wrap}"
        found |= {
            f"{at}{name}": message[name] for name in ("role", "content", "tool_call_id") if name in message
        }
        for place, call in enumerate(message.get("tool_calls", ())):
            inner = f"{at}tool_calls.{place}." + ("tool_call." if wrap else "")
            named = "function." if wrap else ""
            found |= {f"{inner}id": call["id"]}
            found |= {f"{inner}{named}{name}": value for name, value in call["function"].items()}
    return found


def _vercel() -> dict[str, Any]:
    asked = [
        *ASKED[:2],
        {
            "role": "assistant",
            "content": [
                {"type": "text", "text": ASKED[2]["content"]},
                {"type": "tool-call", "toolCallId": "call_1", "toolName": "read_file", "input": ARGUMENTS},
            ],
        },
        {
            "role": "tool",
            "content": [{"type": "tool-result", "toolCallId": "call_1", "output": ASKED[3]["content"]}],
        },
    ]
    answered = [{"toolCallId": "call_2", "toolName": "read_file", "input": json.dumps(ARGUMENTS)}]
    return {
        "ai.prompt.messages": asked,
        "ai.prompt.tools": [json.dumps(TOOL | {"type": "function"})],
        "ai.response.text": ANSWER["content"],
        "ai.response.toolCalls": answered,
    }


SHAPES = {
    "convention": {
        "gen_ai.tool.definitions": [TOOL | {"type": "function"}],
        "gen_ai.system_instructions": _parts(ASKED[0])["parts"],
        "gen_ai.input.messages": [_parts(each) for each in ASKED[1:]],
        "gen_ai.output.messages": [_parts(ANSWER) | {"finish_reason": "tool_call"}],
    },
    "indexed prompts": {
        "llm.request.functions.0.name": TOOL["name"],
        "llm.request.functions.0.description": TOOL["description"],
        "llm.request.functions.0.parameters": TOOL["parameters"],
    }
    | _indexed("gen_ai.prompt", ASKED)
    | _indexed("gen_ai.completion", [ANSWER]),
    "OpenInference": {"llm.tools.0.tool.json_schema": {"type": "function", "function": TOOL}}
    | _indexed("llm.input_messages", ASKED, "message.")
    | _indexed("llm.output_messages", [ANSWER], "message."),
    "Vercel AI SDK": _vercel(),
    "messages here, tools there": {
        "gen_ai.input.messages": [_parts(each) for each in ASKED],
        "gen_ai.output.messages": [_parts({"role": "assistant", "content": ANSWER["content"]})],
        "llm.request.functions.0.name": TOOL["name"],
        "llm.request.functions.0.description": TOOL["description"],
        "llm.request.functions.0.parameters": TOOL["parameters"],
        "gen_ai.completion.0.tool_calls.0.id": "call_2",
        "gen_ai.completion.0.tool_calls.0.name": "read_file",
        "gen_ai.completion.0.tool_calls.0.arguments": ARGUMENTS,
    },
    "request and response": {
        "request_data": {"messages": ASKED, "tools": [{"type": "function", "function": TOOL}]},
        "response_data": {"message": ANSWER},
    },
}


@pytest.mark.parametrize("shape", SHAPES)
def test_content_becomes_the_blocks_that_we_would_have_made(world: Any, shape: str) -> None:
    """The same kinds, sizes and hashes, whoever wrote the conversation down, and the same tool calls."""
    world.load(world.chat("somebody", attributes=SHAPES[shape]))
    ours = [
        *openai_messages.definition({"type": "function", "function": TOOL}),
        *(block for message in ASKED for block in openai_messages.context_message(message)),
    ]
    found = world.rows(
        "SELECT kind, hash, bytes, tool_call_id, error_class FROM context_blocks ORDER BY position"
    )
    assert [tuple(row.values()) for row in found] == [
        (str(block.kind), block.hash, block.size, block.tool_call_id or None, block.error or None)
        for block in ours
    ]
    (asked,) = world.rows("SELECT tool_call_id, tool_name, effect, args_hash FROM tool_calls")
    assert asked == {
        "tool_call_id": "call_2",
        "tool_name": "read_file",
        "effect": "read",
        "args_hash": tool_call("call_2", "read_file", ARGUMENTS).args_hash,
    }


@pytest.mark.parametrize("named", [True, False])
def test_calls_without_ids_have_their_own_results(world: Any, named: bool) -> None:
    """In the order in which they were asked for, whether results name their tool or not."""
    asked = [("read_file", {"path": "a"}), ("list_files", {}), ("read_file", {"path": "b"})]
    results = ["text of a", "a b", "Error: no b"]
    calls = [{"type": "tool_call", "name": name, "arguments": args} for name, args in asked]
    parts = [
        {"type": "tool_call_response", "response": said, **({"name": name} if named else {})}
        for (name, _), said in zip(asked, results, strict=True)
    ]
    for turn in range(3):
        context = [{"role": "user", "parts": [{"type": "text", "content": "go"}]}]
        for call, part in zip(calls[:turn], parts[:turn], strict=True):
            context += [{"role": "assistant", "parts": [call]}, {"role": "tool", "parts": [part]}]
        answer = {"role": "assistant", "parts": [calls[turn]], "finish_reason": "tool_call"}
        told = {"gen_ai.input.messages": context, "gen_ai.output.messages": [answer]}
        world.load(world.chat("somebody", attributes=told | {"gen_ai.conversation.id": "s"}, at=10 * turn))
    ended = [message for pair in zip(calls, parts, strict=True) for message in pair]
    last = {"gen_ai.input.messages": [context[0], *({"role": "any", "parts": [each]} for each in ended)]}
    world.load(world.chat("somebody", attributes=last | {"gen_ai.conversation.id": "s"}, at=40))
    found = world.rows("SELECT tool_name, result_hash, error_class FROM tool_calls ORDER BY seq")
    assert [tuple(row.values()) for row in found] == [
        (name, hash_text(said), "error" if said.startswith("Error") else None)
        for (name, _), said in zip(asked, results, strict=True)
    ]


@pytest.mark.parametrize("keep", ["", "true"])
def test_content_is_stored_only_where_the_user_wants_it(
    world: Any, keep: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without OTEL_BURN_KEEP_CONTENT not a word of it is in any table; what else a span says stays."""
    monkeypatch.setenv("OTEL_BURN_KEEP_CONTENT", keep)
    event = {"name": "gen_ai.content.prompt", "at": 1, "attributes": {"gen_ai.prompt": SECRET, "index": 1}}
    log = world.log("somebody", "gen_ai.user.message", {"gen_ai.system": "openai"}) | {"body": SECRET}
    tool = {"tool_input": SECRET, "session.id": "s1", "tool_use_id": "t1", "event.name": "tool_result"}
    ran = world.log("com.anthropic.claude_code.events", "claude_code.tool_result", tool)
    spans = [
        world.chat("somebody", attributes=shape | {"mine": "stays"}, events=json.dumps([event]))
        for shape in SHAPES.values()
    ]
    world.load(*spans, logs=[log, ran])
    tables = world.rows(
        "SELECT 'store.' || table_name AS name FROM duckdb_tables() WHERE schema_name = 'store'"
    )
    held = [row["name"] for row in tables if SECRET in repr(world.rows(f"FROM {row['name']}"))]
    assert sorted(held) == (["store.otlp_logs", "store.otlp_spans"] if keep else [])
    for kept in world.rows("SELECT attributes['mine'] AS mine, events FROM spans"):
        assert kept["mine"] == "stays"
        assert '"index":1' in kept["events"].replace(" ", "")
    assert world.rows("SELECT session_id, tool_call_id FROM store.tool_runs") == [
        {"session_id": "s1", "tool_call_id": "t1"}
    ]


NONSENSE = ("[[[[" * 9999, '{"role": ', "[1, null, []]", '[{"role": 7, "parts": {"a": 1}}]', '["\\ud800"]')


def test_nonsense_for_content_costs_the_call_nothing(world: Any) -> None:
    """What cannot be read has no blocks that we know of, and the call counts."""
    names = (
        "gen_ai.input.messages",
        "gen_ai.output.messages",
        "gen_ai.tool.definitions",
        "llm.tools.0.tool.json_schema",
    )
    world.load(*(world.chat("somebody", attributes=dict.fromkeys(names, text)) for text in NONSENSE))
    assert [call["input_tokens"] for call in world.calls()] == [1000] * len(NONSENSE)
