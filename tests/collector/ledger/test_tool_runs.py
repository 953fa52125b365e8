"""Do agents that only log show their tool calls, each under the call that asked for it?"""

import itertools
from typing import Any

import pytest

CLAUDE = "com.anthropic.claude_code.events"
CODEX = "codex_otel.log_only"


def _claude(world: Any, number: int, **tool: str) -> list[dict[str, Any]]:
    usage = {"model": "claude-opus-4-8", "input_tokens": 3, "output_tokens": 9, "cache_read_tokens": 100}
    request = {"session.id": "s1", "request_id": f"req_{number}"}
    said = {"tool_name": "Bash", "tool_use_id": f"t{number}", "success": "false", "error_type": "ShellError"}
    said |= {"tool_input": '{"command": "make test"}'} | tool
    return [
        world.log(CLAUDE, "api_request", usage | request | {"duration_ms": 900}, at=10 * number),
        world.log(CLAUDE, "tool_result", said | request, at=10 * number + 2),
    ]


@pytest.mark.parametrize("order", list(itertools.permutations(range(4), 4))[::5])
def test_a_logged_tool_run_belongs_to_the_request_that_it_names(world: Any, order: tuple[int, ...]) -> None:
    """Whatever the order of arrival; equal arguments have equal hashes."""
    records = [*_claude(world, 1), *_claude(world, 2)]
    for number in order:
        world.load(logs=[records[number]])
    found = world.rows("FROM tool_calls ORDER BY seq")
    assert [row["call_id"] for row in found] == [call["call_id"] for call in world.calls()]
    assert [(row["turn"], row["tool_name"], row["error_class"]) for row in found] == [
        (1, "Bash", "ShellError"),
        (2, "Bash", "ShellError"),
    ]
    assert found[0]["args_hash"] == found[1]["args_hash"] is not None


def test_arguments_that_were_not_logged_are_unknown(world: Any) -> None:
    """Without tool details two runs must not look alike."""
    world.load(logs=_claude(world, 1, tool_input=""))
    (row,) = world.rows("FROM tool_calls")
    assert (row["args_hash"], row["result_hash"]) == (None, None)


def test_a_failure_that_is_logged_as_success_shows(world: Any) -> None:
    """Codex calls every command a success; its output says otherwise, below a header that always differs."""
    call = {"conversation.id": "s1", "model": "gpt-5.5", "input_token_count": "9", "output_token_count": "1"}
    world.load(logs=[world.log(CODEX, "codex.sse_event", call)])
    for number in range(2):
        output = f"Chunk ID: {number}\nProcess exited with code 2\nOutput:\nmake: *** no rule\n"
        said = {"tool_name": "exec_command", "call_id": f"c{number}", "arguments": "{}", "output": output}
        said |= {"conversation.id": "s1", "success": "true"}
        world.load(logs=[world.log(CODEX, "codex.tool_result", said, at=1 + number)])
    first, second = world.rows("FROM tool_calls ORDER BY seq")
    assert first["error_class"] == second["error_class"] == "exit_code_2"
    assert first["result_hash"] == second["result_hash"] is not None


def test_a_tool_call_that_a_response_lists_counts_once(world: Any) -> None:
    """Ours lists it, the agent logs its run: one row, the outcome from the log until a context shows it."""
    asked = {
        "burn.tool_calls.ids": ["t1"],
        "burn.tool_calls.names": ["Bash"],
        "burn.tool_calls.args_hashes": ["x"],
    }
    asked |= {"burn.request.id": "req_1", "gen_ai.conversation.id": "s1"}  # type: ignore[dict-item]
    world.load(world.chat(at=9, attributes=asked), logs=_claude(world, 1))
    (row,) = world.rows("FROM tool_calls")
    assert (row["args_hash"], row["error_class"]) == ("x", "ShellError")
    assert len(world.calls()) == 1
