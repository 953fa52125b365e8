"""An agent as it should be: a few tools, each called once. OpenAI's SDK, streamed."""

import json
from pathlib import Path
from typing import Any

from openai import OpenAI

SYSTEM = "You write release notes. Look at the changelog and at the code, write RELEASE_NOTES.md, then stop."
TASK = "Write the release notes of 4.2."


def list_files(folder: str) -> str:
    """The names of the files in a folder."""
    return "\n".join(sorted(path.name for path in Path(folder).iterdir()))


def read_file(path: str) -> str:
    """The text of a file."""
    return Path(path).read_text(encoding="utf-8")


def write_file(path: str, text: str) -> str:
    """Write a text to a file."""
    Path(path).write_text(text, encoding="utf-8")
    return f"wrote {len(text)} characters"


TOOLS = {tool.__name__: tool for tool in (list_files, read_file, write_file)}


def definition(tool: Any) -> Any:
    """The tool as the model sees it."""
    names = [name for name in tool.__annotations__ if name != "return"]
    properties = {name: {"type": "string"} for name in names}
    parameters = {"type": "object", "properties": properties, "required": names}
    function = {"name": tool.__name__, "description": tool.__doc__, "parameters": parameters}
    return {"type": "function", "function": function}


def ask(client: OpenAI, messages: list[Any]) -> Any:
    """One streamed answer, complete."""
    with client.chat.completions.stream(
        model="gpt-5-mini",
        messages=messages,
        tools=[definition(tool) for tool in TOOLS.values()],
        stream_options={"include_usage": True},
    ) as stream:
        return stream.get_final_completion().choices[0].message


def work(client: OpenAI) -> str:
    """Go on until the model asks for no more tools; its last words."""
    messages: list[Any] = [{"role": "system", "content": SYSTEM}, {"role": "user", "content": TASK}]
    while True:
        answer = ask(client, messages)
        messages.append(answer.model_dump(include={"role", "content", "tool_calls"}, exclude_none=True))
        if not answer.tool_calls:
            return str(answer.content)
        for call in answer.tool_calls:
            result = TOOLS[call.function.name](**json.loads(call.function.arguments))
            messages.append({"role": "tool", "tool_call_id": call.id, "content": result})


if __name__ == "__main__":
    with OpenAI() as openai:
        print(work(openai))
