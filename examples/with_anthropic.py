"""A small agent with the Anthropic SDK: a tool loop, plain and then streamed, with a cached system prompt."""

from typing import Any

from anthropic import Anthropic

MODEL = "claude-sonnet-5-5"
SYSTEM = "You tell people what to wear. Look up the weather first."
QUESTION = "I am off to Oslo. What shall I put on?"
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
ASKED: dict[str, Any] = {
    "model": MODEL,
    "max_tokens": 1024,
    "system": [{"type": "text", "text": SYSTEM, "cache_control": {"type": "ephemeral"}}],
    "tools": [{"name": "get_weather", "description": "The weather in a city.", "input_schema": SCHEMA}],
}


def get_weather(city: str) -> str:
    """The weather in a city."""
    return f"{city}: 4 degrees, rain"


def ask(client: Anthropic, messages: list[Any]) -> Any:
    """One answer."""
    return client.messages.create(messages=messages, **ASKED)


def ask_streaming(client: Anthropic, messages: list[Any]) -> Any:
    """One answer, its words shown as they come."""
    with client.messages.stream(messages=messages, **ASKED) as stream:
        for text in stream.text_stream:
            print(text, end="", flush=True)
        print()
        return stream.get_final_message()


def work(client: Anthropic, ask: Any) -> str:
    """Go on until the model asks for no more tools; its last words."""
    messages: list[Any] = [{"role": "user", "content": QUESTION}]
    while True:
        answer = ask(client, messages)
        messages.append({"role": "assistant", "content": answer.content})
        calls = [block for block in answer.content if block.type == "tool_use"]
        if not calls:
            return "".join(block.text for block in answer.content if block.type == "text")
        results = [
            {"type": "tool_result", "tool_use_id": call.id, "content": get_weather(**call.input)}
            for call in calls
        ]
        messages.append({"role": "user", "content": results})


if __name__ == "__main__":
    with Anthropic() as anthropic:
        print(work(anthropic, ask))
        work(anthropic, ask_streaming)
