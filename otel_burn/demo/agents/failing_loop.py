"""An agent that runs the same failing tests again and again. Anthropic's SDK, not streamed."""

import subprocess
import sys
from pathlib import Path
from typing import Any

from anthropic import Anthropic

SYSTEM = "You fix failing tests. Run the tests after each change. Stop when they pass or when you are stuck."
TASK = "test_orders.py fails since this morning. Please fix it."
RULES = "House rule {}: change one thing at a time, keep the tests small, and say what you learned."


def read_file(path: str) -> str:
    """The text of a file."""
    return Path(path).read_text(encoding="utf-8")


def run_tests(path: str) -> str:
    """Run a test file; what it prints is an error when it fails."""
    done = subprocess.run([sys.executable, path], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"exit code {done.returncode}\n{done.stderr}")
    return done.stdout or "all tests passed"


TOOLS = {tool.__name__: tool for tool in (read_file, run_tests)}
DEFINITIONS: list[Any] = [
    {
        "name": tool.__name__,
        "description": tool.__doc__,
        "input_schema": {"type": "object", "properties": {"path": {"type": "string"}}, "required": ["path"]},
    }
    for tool in TOOLS.values()
]


def system() -> list[Any]:
    """The system prompt with a few house rules, cached for five minutes."""
    rules = "\n".join(RULES.format(number) for number in range(1, 61))
    return [{"type": "text", "text": f"{SYSTEM}\n\n{rules}", "cache_control": {"type": "ephemeral"}}]


def call_tool(call: Any) -> Any:
    """The result of one tool call; a failure is a result too."""
    try:
        content, failed = TOOLS[call.name](**call.input), False
    except (OSError, RuntimeError) as error:
        content, failed = str(error), True
    return {"type": "tool_result", "tool_use_id": call.id, "content": content, "is_error": failed}


def work(client: Anthropic) -> str:
    """Go on until the model asks for no more tools; its last words."""
    messages: list[Any] = [{"role": "user", "content": TASK}]
    while True:
        answer: Any = client.messages.create(
            model="claude-opus-5-5", max_tokens=1024, system=system(), tools=DEFINITIONS, messages=messages
        )
        messages.append({"role": "assistant", "content": answer.content})
        results = [call_tool(block) for block in answer.content if block.type == "tool_use"]
        if not results:
            return str(answer.content[0].text)
        messages.append({"role": "user", "content": results})


if __name__ == "__main__":
    with Anthropic() as anthropic:
        print(work(anthropic))
