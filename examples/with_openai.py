"""A small agent with the OpenAI SDK: a tool loop with Chat Completions, then the same streamed with Responses."""

import json
from typing import Any

from openai import OpenAI

MODEL = "gpt-5-mini"
SYSTEM = "You tell people what to wear. Look up the weather first."
QUESTION = "I am off to Oslo. What shall I put on?"
PARAMETERS = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
    "additionalProperties": False,
}
TOOL: Any = {"name": "get_weather", "description": "The weather in a city.", "parameters": PARAMETERS}


def get_weather(city: str) -> str:
    """The weather in a city."""
    return f"{city}: 4 degrees, rain"


def ask(client: OpenAI) -> str:
    """Go on until the model asks for no more tools; its last words."""
    messages: list[Any] = [{"role": "system", "content": SYSTEM}, {"role": "user", "content": QUESTION}]
    while True:
        tools: Any = [{"type": "function", "function": TOOL}]
        answer = client.chat.completions.create(model=MODEL, messages=messages, tools=tools)
        message = answer.choices[0].message
        if not message.tool_calls:
            return message.content or ""
        messages.append(message)
        for call in message.tool_calls:
            result = get_weather(**json.loads(call.function.arguments))
            messages.append({"role": "tool", "tool_call_id": call.id, "content": result})


def ask_streaming(client: OpenAI) -> str:
    """The same with the Responses API, its words shown as they come."""
    items: list[Any] = [{"role": "user", "content": QUESTION}]
    while True:
        tools: Any = [{"type": "function", "strict": True, **TOOL}]
        with client.responses.stream(
            model=MODEL,
            instructions=SYSTEM,
            input=items,
            tools=tools,
            store=False,
            include=["reasoning.encrypted_content"],
        ) as stream:
            for event in stream:
                if event.type == "response.output_text.delta":
                    print(event.delta, end="", flush=True)
            answer = stream.get_final_response()
        print()
        calls = [item for item in answer.output if item.type == "function_call"]
        if not calls:
            return answer.output_text
        items += answer.output
        for call in calls:
            result = get_weather(**json.loads(call.arguments))
            items.append({"type": "function_call_output", "call_id": call.call_id, "output": result})


if __name__ == "__main__":
    with OpenAI() as openai:
        print(ask(openai))
        ask_streaming(openai)
