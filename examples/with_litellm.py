"""A small agent with LiteLLM: a tool loop, plain with one provider, and async and streamed with another."""

import asyncio
import json
from typing import Any

import litellm

SYSTEM = "You tell people what to wear. Look up the weather first."
QUESTION = "I am off to Oslo. What shall I put on?"
PARAMETERS = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
TOOL = {"name": "get_weather", "description": "The weather in a city.", "parameters": PARAMETERS}
TOOLS = [{"type": "function", "function": TOOL}]
OPENING = [{"role": "system", "content": SYSTEM}, {"role": "user", "content": QUESTION}]


def get_weather(city: str) -> str:
    """The weather in a city."""
    return f"{city}: 4 degrees, rain"


def turn(message: Any) -> list[Any]:
    """What the conversation grows by: the answer, and the result of each tool call in it."""
    results = [
        {
            "role": "tool",
            "tool_call_id": call.id,
            "content": get_weather(**json.loads(call.function.arguments)),
        }
        for call in message.tool_calls or ()
    ]
    return [message.model_dump(exclude_none=True), *results]


def ask(model: str) -> str:
    """Go on until the model asks for no more tools; its last words."""
    messages: list[Any] = [*OPENING]
    while True:
        message = litellm.completion(model=model, messages=messages, tools=TOOLS).choices[0].message
        if not message.tool_calls:
            return str(message.content)
        messages += turn(message)


async def ask_streaming(model: str) -> None:
    """The same, its words shown as they come."""
    messages: list[Any] = [*OPENING]
    asked_for_tools = True
    while asked_for_tools:
        stream = await litellm.acompletion(
            model=model, messages=messages, tools=TOOLS, stream=True, stream_options={"include_usage": True}
        )
        chunks = []
        async for chunk in stream:
            chunks.append(chunk)
            if chunk.choices:
                print(chunk.choices[0].delta.content or "", end="", flush=True)
        print()
        message = litellm.stream_chunk_builder(chunks, messages=messages).choices[0].message
        asked_for_tools = bool(message.tool_calls)
        messages += turn(message)


if __name__ == "__main__":
    print(ask("openai/gpt-5-mini"))
    asyncio.run(ask_streaming("anthropic/claude-sonnet-5-5"))
