"""Do messages that are events of their own, in log records or on spans, become their call's context and tool calls?"""

import itertools
import json
import random
from collections.abc import Callable
from typing import Any

import pytest

from otel_burn.manifest import hash_text, tool_call
from otel_burn_collector.ledger import forgetting, retention

SECRET = "the canary sings at dawn"
ARGUMENTS = {"city": f"Rome, where {SECRET}"}
ASKED = {"id": "call_1", "type": "function"}
FUNCTION = {"name": "get_weather", "arguments": json.dumps(ARGUMENTS)}

Event = tuple[str, dict[str, Any]]


def _openai(*, bare: bool = False) -> list[Event]:
    """As opentelemetry-instrumentation-openai-v2 2.4b0 writes bodies; bare: as it does by default."""

    def body(members: dict[str, Any], **content: Any) -> dict[str, Any]:
        return members if bare else {**members, **content}

    function = {"name": "get_weather"} if bare else FUNCTION
    return [
        ("gen_ai.system.message", body({}, content=f"You help. {SECRET}")),
        ("gen_ai.user.message", body({}, content=f"weather? {SECRET}")),
        ("gen_ai.assistant.message", {"tool_calls": [ASKED | {"function": function}]}),
        ("gen_ai.tool.message", body({"id": "call_1"}, content=f"Error: {SECRET}")),
        (
            "gen_ai.choice",
            {
                "index": 0,
                "finish_reason": "tool_calls",
                "message": body(
                    {"role": "assistant", "tool_calls": [ASKED | {"id": "call_2", "function": function}]},
                    content=f"I try again. {SECRET}",
                ),
            },
        ),
    ]


def _bedrock() -> list[Event]:
    """As Strands 1.62 writes events of spans: Bedrock's blocks, as JSON in strings."""
    use = {"toolUse": {"toolUseId": "call_1", "name": "get_weather", "input": ARGUMENTS}}
    result = {"toolUseId": "call_1", "status": "error", "content": [{"text": f"Error: {SECRET}"}]}
    answer = [{"text": f"I try again. {SECRET}"}, {"toolUse": use["toolUse"] | {"toolUseId": "call_2"}}]
    return [
        ("gen_ai.system.message", {"content": json.dumps([{"text": f"You help. {SECRET}"}])}),
        ("gen_ai.user.message", {"content": json.dumps([{"text": f"weather? {SECRET}"}])}),
        ("gen_ai.assistant.message", {"content": json.dumps([use])}),
        ("gen_ai.tool.message", {"content": json.dumps([{"toolResult": result}])}),
        ("gen_ai.choice", {"finish_reason": "tool_use", "message": json.dumps(answer)}),
    ]


def _azure() -> list[Event]:
    """As Azure's AI SDKs write events of spans: the body as JSON in an attribute."""
    return [
        (name, {"gen_ai.system": "az.ai.openai", "gen_ai.event.content": json.dumps(body)})
        for name, body in _openai()
    ]


def _latest() -> list[Event]:
    """As Strands writes them by the newer convention: a part of the span's attributes an event."""
    call = {"type": "tool_call", "name": "get_weather", "arguments": ARGUMENTS}
    result = {"type": "tool_call_response", "id": "call_1", "response": [{"text": f"Error: {SECRET}"}]}
    asked = [
        {"role": "user", "parts": [{"type": "text", "content": f"weather? {SECRET}"}]},
        {"role": "assistant", "parts": [call | {"id": "call_1"}]},
        {"role": "user", "parts": [result]},
    ]
    parts = [{"type": "text", "content": f"I try again. {SECRET}"}, call | {"id": "call_2"}]
    told = {
        "gen_ai.system_instructions": [{"type": "text", "content": f"You help. {SECRET}"}],
        "gen_ai.input.messages": asked,
        "gen_ai.output.messages": [{"role": "assistant", "parts": parts}],
    }
    name = "gen_ai.client.inference.operation.details"
    return [(name, {each: json.dumps(value)}) for each, value in told.items()]


BLOCKS = [
    ("system", hash_text(f"You help. {SECRET}"), ""),
    ("user", hash_text(f"weather? {SECRET}"), ""),
    ("tool_call", None, "get_weather"),
    ("tool_result", hash_text(f"Error: {SECRET}"), "get_weather"),
]
SPAN = "opentelemetry.instrumentation.openai_v2"


def _check(world: Any) -> None:
    """One call with four blocks, a tool that failed and one that is asked for, and not a word of it stored."""
    world.call()
    blocks = world.rows("SELECT kind, hash, tool_name FROM context_blocks ORDER BY position")
    assert [(each["kind"], each["tool_name"] or "") for each in blocks] == [
        (kind, tool) for kind, _, tool in BLOCKS
    ]
    assert all(hash in (None, each["hash"]) for each, (_, hash, _) in zip(blocks, BLOCKS, strict=True))
    asked = world.rows(
        "SELECT tool_call_id, tool_name, args_hash FROM tool_calls WHERE tool_call_id = 'call_2'"
    )
    expected = tool_call("call_2", "get_weather", ARGUMENTS).args_hash
    assert asked == [{"tool_call_id": "call_2", "tool_name": "get_weather", "args_hash": expected}]
    names = world.rows(
        "SELECT 'store.' || table_name AS name FROM duckdb_tables() WHERE schema_name = 'store'"
    )
    assert [row["name"] for row in names if SECRET in repr(world.rows(f"FROM {row['name']}"))] == []


@pytest.mark.parametrize("form", [_openai, _bedrock, _azure, _latest])
def test_events_of_a_span_are_its_context(world: Any, form: Callable[[], list[Event]]) -> None:
    """Whatever shape an emitter writes them in."""
    events = [{"name": name, "at": at, "attributes": told} for at, (name, told) in enumerate(form())]
    world.load(world.chat("strands.telemetry.tracer", name="chat", events=json.dumps(events)))
    _check(world)


def test_events_in_an_attribute_are_its_context(world: Any) -> None:
    """As pydantic-ai wrote them until its first version."""
    listed = [
        {"event.name": name, "gen_ai.message.index": at, **told} for at, (name, told) in enumerate(_openai())
    ]
    world.load(world.chat("pydantic-ai", attributes={"events": json.dumps(listed)}))
    _check(world)


def test_pydantic_ai_lists_its_tools_apart(world: Any) -> None:
    """In a form of its own; the block is the one that OpenAI's own format makes."""
    schema = {"type": "object", "properties": {"city": {"type": "string"}}}
    tool = {
        "name": "get_weather",
        "description": SECRET,
        "parameters_json_schema": schema,
        "kind": "function",
    }
    function = {"name": "get_weather", "description": SECRET, "parameters": schema}
    world.load(
        world.chat(
            "pydantic-ai", attributes={"model_request_parameters": json.dumps({"function_tools": [tool]})}
        ),
        world.chat(
            SPAN,
            attributes={"gen_ai.tool.definitions": json.dumps([{"type": "function", "function": function}])},
        ),
    )
    found = world.rows("SELECT DISTINCT kind, tool_name, hash FROM context_blocks")
    assert [(row["kind"], row["tool_name"]) for row in found] == [("tool_definition", "get_weather")]


def _records(world: Any, span: Any, events: list[Event], scope: str = SPAN) -> list[Any]:
    records = []
    for number, (name, body) in enumerate(events):
        record = world.log(scope, name, {"gen_ai.system": "openai"}, at=number / 1000)
        records.append(
            record | {"body": json.dumps(body), "trace_id": span["trace_id"], "span_id": span["span_id"]}
        )
    return records


@pytest.mark.parametrize("seed", range(4))
def test_log_records_are_their_spans_context_in_any_order(world: Any, seed: int) -> None:
    """Before the span, behind it, one by one, and each twice; deriving everything again changes nothing."""
    span = world.chat(SPAN)
    records = _records(world, span, _openai())
    arrivals = [("span", span), *(("log", record) for record in records)] * 2
    random.Random(seed).shuffle(arrivals)
    for kind, together in itertools.groupby(arrivals, key=lambda each: each[0]):
        rows = [row for _, row in together]
        size = 1 if seed % 2 else len(rows)
        for first in range(0, len(rows), size):
            part = rows[first : first + size]
            world.load(*(part if kind == "span" else ()), logs=part if kind == "log" else ())
    _check(world)
    world.rebuild()
    _check(world)


def test_a_message_says_its_place_itself(world: Any) -> None:
    """Semantic Kernel numbers them in an attribute: clocks may give several the same time."""
    span = world.chat("semantic_kernel.utils.telemetry.model_diagnostics.decorators")
    records = _records(world, span, _openai())
    for number, record in enumerate(records[:-1]):
        record |= {
            "at": records[0]["at"],
            "attributes": record["attributes"] | {"CHAT_MESSAGE_INDEX": str(number)},
        }
    world.load(span, logs=records[::-1])
    _check(world)


def test_what_was_left_out_of_a_message_is_unknown(world: Any) -> None:
    """By default content is left out: no context then, and tool calls whose arguments nobody knows."""
    span = world.chat(SPAN)
    world.load(span, logs=_records(world, span, _openai(bare=True)))
    world.call()
    assert world.rows("FROM context_blocks") == []
    asked = world.rows("SELECT tool_name, args_hash FROM tool_calls")
    assert asked == [{"tool_name": "get_weather", "args_hash": None}]
    assert world.rows("FROM store.manifests WHERE output_hashes IS NOT NULL") == []


def test_what_a_span_lists_itself_is_believed(world: Any) -> None:
    """Its attributes know the tools, too; records beside them say less."""
    said = {"gen_ai.input.messages": json.dumps([{"role": "user", "content": "hi"}])}
    span = world.chat(SPAN, attributes=said)
    records = _records(world, span, _openai())
    world.load(span, logs=records[:2])
    world.load(logs=records[2:])
    assert [row["kind"] for row in world.rows("SELECT kind FROM context_blocks")] == ["user"]


def test_messages_without_a_call_make_none(world: Any) -> None:
    """Agents and tools write them on their spans as well."""
    agent = world.span(
        "strands.telemetry.tracer", {"gen_ai.operation.name": "invoke_agent"}, name="invoke_agent x"
    )
    world.load(agent, logs=_records(world, agent, _openai()))
    assert world.calls() == []


def test_nonsense_for_messages_costs_the_call_nothing(world: Any) -> None:
    """Nor does any depth of nesting."""
    span = world.chat(SPAN)
    deep = "[" * 5000 + "]" * 5000
    shapes: list[Any] = [
        deep,
        '{"content": 7}',
        '{"tool_calls": {"a": 1}}',
        "null",
        "[1]",
        '{"message": [null]}',
        "x",
    ]
    records = [
        record | {"body": shape}
        for shape in shapes
        for record in _records(world, span, [(name, {}) for name, _ in _openai()])
    ]
    world.load(span, logs=records)
    assert world.call()["input_tokens"] == 1000


def _emptied(world: Any) -> None:
    assert world.rows("FROM store.spoken") == []


def test_messages_go_with_the_rows_as_received(world: Any) -> None:
    """Whose retention is shorter than that of calls, which keep their contexts; what comes late is no message then."""
    span = world.chat(SPAN)
    records = _records(world, span, _openai())
    world.load(span, logs=records)
    before = world.rows("FROM context_blocks")
    retention.want(world.con, "spans", span["ended_at"] + 10**15)
    while retention.purge(world.con):
        pass
    _emptied(world)
    world.load(logs=_records(world, span, [("gen_ai.user.message", {"content": "late"})]))
    _emptied(world)
    assert world.rows("FROM context_blocks") == before


def test_messages_of_one_who_is_forgotten_go(world: Any) -> None:
    """With the trace that names the user."""
    span = world.chat(SPAN, attributes={"user.id": "u1"})
    world.load(span, logs=_records(world, span, _openai()))
    world.con.execute("CREATE SCHEMA journal; CREATE TABLE journal.damage (kept_in VARCHAR)")  # a store's
    forgetting.forget(world.con, "user", "u1")
    _emptied(world)
    assert world.rows("FROM store.heard") == []
