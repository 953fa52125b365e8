"""What do the calls of one cell cost in this process? Started by overhead.py for each cell, variant and round."""

import json
import random
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import overhead_peers

WARM_UP = 10
_TURNS = 100
"""Pairs of messages in a large context: 200 messages of 2.5 kB."""
_MOST_TURNS = 125
"""A growing session begins anew from `_TURNS` after so many."""
_WORDS = (
    "the",
    "file",
    "returns",
    "a",
    "list",
    "of\n",
    "spans",
    "where",
    "every",
    "key",
    "is",
    "“quoted”",
    "once;",
)


def text(seed: int, size: int) -> str:
    """About *size* characters that no other seed gives."""
    draw = random.Random(seed)
    return f"{seed} " + " ".join(draw.choices(_WORDS, k=size // 6))


def contexts(sdk: str, size: str) -> Iterator[dict[str, Any]]:
    """The messages (and tools) of one call after the other."""
    if size == "small":
        yield from _again({"messages": [{"role": "user", "content": text(0, 1000)}]})
    if size == "same":
        messages = [
            {"role": ("user", "assistant")[i % 2], "content": text(i, 2500)} for i in range(2 * _TURNS - 1)
        ]
        yield from _again({"messages": messages})
    turn, tool = (_openai_turn, _openai_tool) if sdk == "openai" else (_anthropic_turn, _anthropic_tool)
    tools = [tool(f"tool_{i}", text(-i, 800)) for i in range(10)]
    turns = [turn(i, text(i, 4700)) for i in range(_MOST_TURNS)]
    while True:
        messages = [{"role": "user", "content": text(0, 2500)}, *(m for pair in turns[:_TURNS] for m in pair)]
        for pair in turns[_TURNS:]:
            yield {"messages": messages, "tools": tools}
            messages.extend(pair)


def _again(context: dict[str, Any]) -> Iterator[dict[str, Any]]:
    while True:
        yield context


def _openai_turn(number: int, result: str) -> list[dict[str, Any]]:
    function = {
        "name": f"tool_{number % 10}",
        "arguments": json.dumps({"path": f"src/{number}.py", "line": number}),
    }
    call = {"id": f"call_{number}", "type": "function", "function": function}
    return [
        {"role": "assistant", "content": f"I look at {number}.", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": f"call_{number}", "content": result},
    ]


def _openai_tool(name: str, description: str) -> dict[str, Any]:
    return {"type": "function", "function": {"name": name, "description": description, "parameters": _SCHEMA}}


def _anthropic_turn(number: int, result: str) -> list[dict[str, Any]]:
    asked = {"path": f"src/{number}.py", "line": number}
    call = {"type": "tool_use", "id": f"toolu_{number}", "name": f"tool_{number % 10}", "input": asked}
    said = {"type": "text", "text": f"I look at {number}."}
    answer = {"type": "tool_result", "tool_use_id": f"toolu_{number}", "content": result}
    return [{"role": "assistant", "content": [said, call]}, {"role": "user", "content": [answer]}]


def _anthropic_tool(name: str, description: str) -> dict[str, Any]:
    return {"name": name, "description": description, "input_schema": _SCHEMA}


_SCHEMA = {"type": "object", "properties": {"path": {"type": "string"}, "line": {"type": "integer"}}}


def caller(sdk: str, url: str, stream: bool) -> Callable[[dict[str, Any]], None]:
    """A function that makes one call of the SDK with a context, and reads the answer to its end."""
    options: dict[str, Any] = {"stream": stream}
    if sdk == "openai":
        import openai

        create: Any = openai.OpenAI(base_url=f"{url}/v1", api_key="k", max_retries=0).chat.completions.create
        options |= {"model": "gpt-5"} | ({"stream_options": {"include_usage": True}} if stream else {})
    else:
        import anthropic

        create = anthropic.Anthropic(base_url=url, api_key="k", max_retries=0).messages.create
        options |= {"model": "claude-opus-4-8", "max_tokens": 1024}

    def call(context: dict[str, Any]) -> None:
        answer = create(**options, **context)
        if stream:
            for _ in answer:
                pass

    return call


def measure(task: dict[str, Any]) -> dict[str, Any]:
    """Seconds of CPU a call and of wall clock for each, and both for the first call, from the variant's start on."""
    variant = overhead_peers.VARIANTS[task["variant"]]
    sdk, size, stream = task["cell"]
    context = contexts(sdk, size)
    first_context = next(context)
    cpu, clock = time.process_time(), time.perf_counter()
    started = variant.start(sdk, task["sink"])
    call = caller(sdk, task["provider"], stream)
    call(first_context)
    first_seconds = time.perf_counter() - clock
    started.settle()
    first_cpu = time.process_time() - cpu
    for _ in range(WARM_UP):
        call(next(context))
    started.settle()
    seconds = []
    cpu = time.process_time()
    for _ in range(task["calls"]):
        clock = time.perf_counter()
        call(next(context))
        seconds.append(time.perf_counter() - clock)
    started.stop()
    return {
        "cpu": (time.process_time() - cpu) / task["calls"],
        "seconds": seconds,
        "first_cpu": first_cpu,
        "first_seconds": first_seconds,
        "made": task["calls"] + WARM_UP + 1,
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(measure(json.loads(sys.argv[1]))))
