"""Which agents waste tokens, on purpose and by a known amount? Real SDKs, to be run under `otel-burn run` against the
bundled provider: a heartbeat of each vendor's, sub-agents that share a bootstrap, tools that nobody uses, and the
table of `careless_amounts.py`, one way of wasting a row.

    otel-burn run -- python benchmarks/wasteful_agents.py

`tests/analytics/waste/` holds what the detectors say to what the provider served.
"""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

OFFSET = [0]
REAL = time.time_ns
time.time_ns = lambda: REAL() + OFFSET[0]  # half an hour passes between two beats; nobody waits for it

import careless_agents  # noqa: E402
from anthropic import Anthropic  # noqa: E402
from google import genai  # noqa: E402
from google.genai import types  # noqa: E402
from openai import OpenAI  # noqa: E402
from wasteful_amounts import BEATS, BOOT, CHANGES, TOOLS, TURNS, WORKERS  # noqa: E402

import otel_burn  # noqa: E402 - after the clock, which it looks up once

HALF_AN_HOUR = 1_800_000_000_000
MOLT = "You are Molt, an assistant that never sleeps."
BEAT = "Heartbeat. If nothing needs attention, answer HEARTBEAT_OK."
CLAUDE, GPT, GEMINI = "claude-sonnet-4-5", "gpt-5", "gemini-2.5-flash"
Agents = tuple[
    Callable[[int], None], Callable[[int], None], Callable[[list[str]], None], Callable[[list[Any]], None]
]
"""A heartbeat, a worker, whoever leads workers (and is told what was said in turn), and a writer with tools."""


def turns(said: list[str]) -> list[Any]:
    """What a user and the model *said* in turn, as messages."""
    return [
        {"role": "assistant" if number % 2 else "user", "content": text} for number, text in enumerate(said)
    ]


def anthropic() -> Agents:
    """Of Anthropic's SDK."""
    client = Anthropic()

    def ask(system: Any, messages: list[Any], **more: Any) -> Any:
        return client.messages.create(model=CLAUDE, max_tokens=300, system=system, messages=messages, **more)

    def beat(number: int) -> None:
        # The time stands before what is cached: it is written each time, and never read.
        kept: Any = {"type": "text", "text": BOOT, "cache_control": {"type": "ephemeral", "ttl": "1h"}}
        clock = {"type": "text", "text": f"{MOLT} It is {number:02d}:00."}
        ask([clock, kept], [{"role": "user", "content": BEAT}])

    def work(number: int) -> None:
        ask("You work. " + BOOT, [{"role": "user", "content": f"Part {number} of the work."}])

    def lead(said: list[str]) -> None:
        ask("You lead.", turns(said))

    def write(messages: list[Any]) -> None:
        answer = ask("You write release notes", messages, tools=TOOLS)
        said = [block.model_dump(exclude_none=True) for block in answer.content]
        results = [
            {"type": "tool_result", "tool_use_id": block.id, "content": "done"}
            for block in answer.content
            if block.type == "tool_use"
        ]
        messages += [
            {"role": "assistant", "content": said},
            {"role": "user", "content": results or "Thank you."},
        ]

    return beat, work, lead, write


def openai() -> Agents:
    """Of OpenAI's: Chat Completions, and Responses for the heartbeat."""
    client = OpenAI()
    tools: list[Any] = [
        {"type": "function", "function": {**tool, "parameters": tool["input_schema"], "input_schema": None}}
        for tool in TOOLS
    ]
    for tool in tools:
        del tool["function"]["input_schema"]

    def ask(messages: list[Any], **more: Any) -> Any:
        return client.chat.completions.create(model=GPT, messages=messages, **more)

    def beat(number: int) -> None:
        said = [{"role": "developer", "content": BOOT}, {"role": "user", "content": BEAT}]
        clock = f"{MOLT} It is {number:02d}:00."
        client.responses.create(model=GPT, instructions=clock, input=said)  # type: ignore[arg-type]

    def work(number: int) -> None:
        # What is different comes first, so that OpenAI's cache, which needs no asking, serves nothing.
        said = ("system", "You work."), ("user", f"Part {number} of the work."), ("user", BOOT)
        ask([{"role": role, "content": text} for role, text in said])

    def lead(said: list[str]) -> None:
        ask([{"role": "system", "content": "You lead."}, *turns(said)])

    def write(messages: list[Any]) -> None:
        who = {"role": "system", "content": "You write release notes"}
        answer = ask([who, *messages], tools=tools).choices[0].message
        messages.append(answer.model_dump(include={"role", "content", "tool_calls"}, exclude_none=True))
        results = [
            {"role": "tool", "tool_call_id": call.id, "content": "done"} for call in answer.tool_calls or ()
        ]
        messages += results or [{"role": "user", "content": "Thank you."}]

    return beat, work, lead, write


def google() -> Agents:
    """Of google-genai."""
    client = genai.Client()
    declared = [
        types.FunctionDeclaration(
            name=tool["name"], description=tool["description"], parameters_json_schema=tool["input_schema"]
        )
        for tool in TOOLS
    ]

    def ask(system: str, contents: list[Any], **more: Any) -> Any:
        config = types.GenerateContentConfig(system_instruction=system, **more)
        return client.models.generate_content(model=GEMINI, contents=contents, config=config)

    def user(text: str) -> types.Content:
        return types.Content(role="user", parts=[types.Part(text=text)])

    def content(one: dict[str, str]) -> types.Content:
        role = "model" if one["role"] == "assistant" else "user"
        return types.Content(role=role, parts=[types.Part(text=one["content"])])

    def beat(number: int) -> None:
        ask(f"{MOLT} It is {number:02d}:00.", [user(BOOT), user(BEAT)])

    def work(number: int) -> None:
        ask("You work.", [user(f"Part {number} of the work."), user(BOOT)])

    def lead(said: list[str]) -> None:
        ask("You lead.", [content(one) for one in turns(said)])

    def write(contents: list[Any]) -> None:
        contents[:] = [content(one) if isinstance(one, dict) else one for one in contents]
        answer = ask("You write release notes", contents, tools=[types.Tool(function_declarations=declared)])
        said = answer.candidates[0].content
        results = [
            types.Part.from_function_response(name=part.function_call.name, response={"result": "done"})
            for part in said.parts
            if part.function_call
        ]
        contents += [said, types.Content(role="user", parts=results) if results else user("Thank you.")]

    return beat, work, lead, write


def run(vendor: str, agents: Agents) -> None:
    """The three kinds of waste, each by agents of its own."""
    beat, work, lead, write = agents
    for number in range(BEATS):
        with otel_burn.agent(f"molt-{vendor}"), otel_burn.session(f"{vendor}-beat-{number}"):
            beat(number)
        OFFSET[0] += HALF_AN_HOUR

    def part(number: int) -> None:
        with otel_burn.agent(f"worker-{vendor}"):
            work(number)

    with otel_burn.session(f"{vendor}-task"), otel_burn.agent(f"lead-{vendor}"):
        lead(["Split the work."])
        with ThreadPoolExecutor(WORKERS) as pool:
            list(pool.map(part, range(WORKERS)))
        lead(["Split the work.", "Done.", "Now sum up."])
    messages: list[Any] = [{"role": "user", "content": f"Write the notes. {CHANGES}"}]
    with otel_burn.session(f"{vendor}-notes"), otel_burn.agent(f"writer-{vendor}"):
        for _ in range(TURNS):
            write(messages)


if __name__ == "__main__":
    for vendor, made in (("anthropic", anthropic), ("openai", openai), ("google", google)):
        run(vendor, made())
    careless_agents.run()
