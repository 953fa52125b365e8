"""What is flattened into attributes, a leaf each? Messages and tools: `llm.input_messages.0.message.role` …"""

from collections.abc import Callable
from typing import Any, Final, NamedTuple

from otel_burn_collector.ledger.told import Said, Told, read_json


class Flat(NamedTuple):
    """Messages that are flattened into attributes: how their names begin."""

    asked: str
    answered: str
    tools: str


INDEXED: Final = (
    Flat("llm.input_messages.", "llm.output_messages.", "llm.tools."),
    Flat("gen_ai.prompt.", "gen_ai.completion.", "llm.request.functions."),
    Flat("SpanAttributes.LLM_PROMPTS.", "SpanAttributes.LLM_COMPLETIONS.", "llm.request.functions."),
)


def flattened(flat: Flat) -> Callable[[Said], Told]:
    def reader(said: Said) -> Told:
        asked, answered, tools = (_nested(said, prefix) for prefix in flat)
        return Told(
            [_tool(each) for each in tools],
            [],
            [_message(each) for each in asked],
            [_message(each) for each in answered],
        )

    return reader


def _nested(said: Said, prefix: str) -> list[Any]:
    """The list that attributes `prefix` N `.a.b` are the leaves of."""
    root: dict[Any, Any] = {}
    for name, value in said.items():
        if name.startswith(prefix) and name[len(prefix) :][:1].isdecimal():
            _put(root, name[len(prefix) :].split("."), value)
    return _lists(root) if root else []


def _put(node: dict[Any, Any], steps: list[str], value: str) -> None:
    for step in steps[:-1]:
        below = node.setdefault(step, {})
        if not isinstance(below, dict):
            return
        node = below
    node.setdefault(steps[-1], value)


def _lists(node: Any) -> Any:
    """*node* with the objects whose keys are all numbers as lists."""
    if not isinstance(node, dict):
        return node
    if all(key.isdecimal() for key in node):
        return [_lists(node[key]) for key in sorted(node, key=int)]
    return {key: _lists(value) for key, value in node.items()}


def _message(flat: Any) -> Any:
    """A flattened message in the form of a provider's."""
    if not isinstance(flat, dict):
        return flat
    message = dict(flat.get("message", flat)) if isinstance(flat.get("message", flat), dict) else flat
    if isinstance(contents := message.pop("contents", None), list):
        message["content"] = [_content(each) for each in contents]
    elif isinstance(content := message.get("content"), str) and content[:2] in ("[{", "[ "):
        message["content"] = read_json(content) or content
    calls = message.get("tool_calls")
    if isinstance(calls, list):
        message["tool_calls"] = [
            call.get("tool_call", call) if isinstance(call, dict) else call for call in calls
        ]
    return message


def _content(each: Any) -> Any:
    return each.get("message_content", each) if isinstance(each, dict) else each


def _tool(flat: Any) -> Any:
    if not isinstance(flat, dict):
        return flat
    told = flat.get("tool", flat)
    schema = read_json(told.get("json_schema")) if isinstance(told, dict) else None
    if schema:
        return schema
    return {
        name: read_json(value) if name in ("parameters", "input_schema") else value
        for name, value in flat.items()
    }
