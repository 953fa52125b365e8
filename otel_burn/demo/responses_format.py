"""How does the scripted model speak OpenAI's Responses, plain and streamed?"""

import itertools
import json
from collections.abc import Iterator, Mapping
from typing import Any

from otel_burn.demo.dialogue import Answer, Block, Prompt, ToolUse, canonical, text_of, words
from otel_burn.demo.openai_format import CREATED, SNAPSHOTS

Json = dict[str, Any]

_TOOL_ITEMS = ("function_call", "reasoning")
"""Items of the input that the model wrote, beside its messages."""


def read(body: Mapping[str, Any]) -> Prompt:
    """The request as a prompt; it must hold the whole conversation, as nothing is stored here."""
    if body.get("previous_response_id") or body.get("conversation"):
        raise ValueError("no response is stored here: send the whole conversation as input")
    asked = body["input"]
    items = [{"role": "user", "content": asked}] if isinstance(asked, str) else asked
    system = body.get("instructions") or next(
        (text_of(item["content"]) for item in items if item.get("role") in ("system", "developer")), ""
    )
    tools = [Block(canonical(tool)) for tool in body.get("tools") or ()]
    instructions = [Block(canonical(system))] if body.get("instructions") else []
    return Prompt(
        model=body["model"],
        system=system,
        blocks=(*tools, *instructions, *(Block(canonical(item)) for item in items)),
        # An answer may be several items: reasoning, words, calls. A run of them is one answer.
        turn=sum(written for written, _ in itertools.groupby(items, _written_by_the_model)),
        stream=bool(body.get("stream")),
        limit=body.get("max_output_tokens"),
    )


def plain(answer: Answer) -> Json:
    """The response in one piece."""
    return _response(answer, _ended(answer), _output(answer), usage(answer))


def events(answer: Answer, prompt: Prompt) -> Iterator[bytes]:
    """The response as server-sent events, numbered; usage stands in the last one, always."""
    numbers = itertools.count()
    for kind, data in _events(answer):
        event = {"type": kind, "sequence_number": next(numbers), **data}
        yield f"event: {kind}\ndata: {json.dumps(event)}\n\n".encode()


def usage(answer: Answer) -> Json:
    """The usage object: cached tokens are part of the input, reasoning is part of the output."""
    used = answer.consumption
    return {
        "input_tokens": used.input,
        "input_tokens_details": {"cached_tokens": used.cache_read},
        "output_tokens": used.output,
        "output_tokens_details": {"reasoning_tokens": used.reasoning},
        "total_tokens": used.input + used.output,
    }


def _written_by_the_model(item: Mapping[str, Any]) -> bool:
    return item.get("role") == "assistant" or item.get("type") in _TOOL_ITEMS


def _response(answer: Answer, status: str, output: list[Json], used: Json | None) -> Json:
    return {
        "id": f"resp_{answer.id}",
        "object": "response",
        "created_at": CREATED,
        "status": status,
        "background": False,
        "error": None,
        "incomplete_details": {"reason": "max_output_tokens"} if status == "incomplete" else None,
        "instructions": None,
        "max_output_tokens": None,
        "metadata": {},
        "model": SNAPSHOTS.get(answer.model, answer.model),
        "output": output,
        "parallel_tool_calls": True,
        "previous_response_id": None,
        "reasoning": {"effort": "medium", "summary": None},
        "service_tier": "default",
        "store": False,
        "temperature": 1.0,
        "text": {"format": {"type": "text"}, "verbosity": "medium"},
        "tool_choice": "auto",
        "tools": [],
        "top_p": 1.0,
        "truncation": "disabled",
        "usage": used,
        "user": None,
    }


def _ended(answer: Answer) -> str:
    return "incomplete" if answer.cut else "completed"


def _output(answer: Answer) -> list[Json]:
    thought = [{"id": f"rs_{answer.id}", "type": "reasoning", "summary": []}]
    return [
        *(thought if answer.consumption.reasoning else ()),
        *([_message(answer, _ended(answer), [_text(answer.text)])] if answer.text else ()),
        *(_function_call(tool, "completed", json.dumps(tool.arguments)) for tool in answer.tools),
    ]


def _message(answer: Answer, status: str, content: list[Json]) -> Json:
    return {
        "id": f"msg_{answer.id}",
        "type": "message",
        "role": "assistant",
        "status": status,
        "content": content,
    }


def _text(text: str) -> Json:
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}


def _function_call(tool: ToolUse, status: str, arguments: str) -> Json:
    return {
        "id": f"fc_{tool.id}",
        "type": "function_call",
        "call_id": f"call_{tool.id}",
        "name": tool.name,
        "arguments": arguments,
        "status": status,
    }


def _events(answer: Answer) -> Iterator[tuple[str, Json]]:
    yield "response.created", {"response": _response(answer, "in_progress", [], None)}
    yield "response.in_progress", {"response": _response(answer, "in_progress", [], None)}
    tools = iter(answer.tools)
    for index, item in enumerate(_output(answer)):
        opened, parts = _parts(answer, item, index, tools)
        yield "response.output_item.added", {"output_index": index, "item": opened}
        yield from parts
        yield "response.output_item.done", {"output_index": index, "item": item}
    yield f"response.{_ended(answer)}", {"response": plain(answer)}


def _parts(
    answer: Answer, item: Json, index: int, tools: Iterator[ToolUse]
) -> tuple[Json, Iterator[tuple[str, Json]]]:
    """An item of the output as it is opened, and the events that fill it."""
    place = {"item_id": item["id"], "output_index": index}
    if item["type"] == "message":
        return _message(answer, "in_progress", []), _words(answer, {**place, "content_index": 0})
    if item["type"] == "function_call":
        return _function_call(next(tools), "in_progress", ""), _arguments(item, place)
    return item, iter(())


def _words(answer: Answer, place: Json) -> Iterator[tuple[str, Json]]:
    yield "response.content_part.added", {**place, "part": _text("")}
    for word in words(answer.text):
        yield "response.output_text.delta", {**place, "delta": word, "logprobs": []}
    yield "response.output_text.done", {**place, "text": answer.text, "logprobs": []}
    yield "response.content_part.done", {**place, "part": _text(answer.text)}


def _arguments(item: Json, place: Json) -> Iterator[tuple[str, Json]]:
    arguments = item["arguments"]
    for start in range(0, len(arguments), 12):
        yield "response.function_call_arguments.delta", {**place, "delta": arguments[start : start + 12]}
    yield "response.function_call_arguments.done", {**place, "name": item["name"], "arguments": arguments}
