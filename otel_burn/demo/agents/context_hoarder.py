"""An agent that reads large files and re-sends every one of them each turn. OpenAI's SDK, async."""

import asyncio
import json
from pathlib import Path
from typing import Any

from openai import AsyncOpenAI

SYSTEM = "You answer questions about order logs. Read every log that may matter before you answer."
QUESTIONS = (
    "Which order failed in each of the orders-*.log files?",
    "Which warehouse had the most failures?",
    "Were refunds affected as well?",
    "What should we change?",
)
READ_FILE = {
    "type": "function",
    "function": {
        "name": "read_file",
        "description": "The whole text of a file.",
        "parameters": {
            "type": "object",
            "properties": {"path": {"type": "string"}},
            "required": ["path"],
        },
    },
}


async def ask(client: AsyncOpenAI, messages: list[Any]) -> str:
    """Let the model read what it wants, then return its answer. Nothing ever leaves *messages*."""
    tools: list[Any] = [READ_FILE]
    while True:
        response: Any = await client.chat.completions.create(model="gpt-5", messages=messages, tools=tools)
        answer = response.choices[0].message
        messages.append(answer.model_dump(include={"role", "content", "tool_calls"}, exclude_none=True))
        if not answer.tool_calls:
            return answer.content or ""
        for call in answer.tool_calls:
            path = json.loads(call.function.arguments)["path"]
            text = await asyncio.to_thread(Path(path).read_text, encoding="utf-8")
            messages.append({"role": "tool", "tool_call_id": call.id, "content": text})


async def main() -> None:
    """Put the questions, one after the other, in one conversation."""
    async with AsyncOpenAI() as client:
        messages: list[Any] = [{"role": "system", "content": SYSTEM}]
        for question in QUESTIONS:
            messages.append({"role": "user", "content": question})
            print(await ask(client, messages))


if __name__ == "__main__":
    asyncio.run(main())
