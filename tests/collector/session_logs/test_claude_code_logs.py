"""Are transcripts of Claude Code read right: rows of one response, placeholders, sub-agents, compaction, odd rows?"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Row = dict[str, Any]
WriteRows = Callable[..., Path]


def row(kind: str, uuid: str, parent: str | None, second: int, message: Row, **more: Any) -> Row:
    """A row as Claude Code writes it."""
    return {
        "parentUuid": parent,
        "isSidechain": False,
        "type": kind,
        "message": message,
        "uuid": uuid,
        "timestamp": f"2026-11-22T11:09:{second:02d}.000Z",
        "cwd": "/src/app",
        "sessionId": "session-1",
        "version": "2.1.330",
        "requestId": f"req_{message.get('id')}" if kind == "assistant" else None,
        **more,
    }


def asked(uuid: str, parent: str | None, second: int, text: str = "Do it.", **more: Any) -> Row:
    """What a person wrote."""
    return row("user", uuid, parent, second, {"role": "user", "content": text}, **more)


def said(
    uuid: str,
    parent: str | None,
    second: int,
    name: str,
    *,
    output: Any = 20,
    part: Row | None = None,
    **more: Any,
) -> Row:
    """A row of the response *name*."""
    message = {
        "id": name,
        "role": "assistant",
        "model": more.pop("model", "claude-opus-5-5"),
        "content": [part or {"type": "text", "text": "Done."}],
        "stop_reason": more.pop("stop_reason", "end_turn"),
        "usage": more.pop(
            "usage", {"input_tokens": 3, "cache_read_input_tokens": 100, "output_tokens": output}
        ),
    }
    return row("assistant", uuid, parent, second, message, **more)


def test_the_rows_of_a_response_are_one_call(write_rows: WriteRows, read: Any) -> None:
    """A row a content block; the usage of older versions' first rows is a placeholder; the parts are put together."""
    call = {"type": "tool_use", "id": "toolu_1", "name": "Bash", "input": {"command": "ls"}}
    log = write_rows(
        "s.jsonl",
        [
            asked("u1", None, 1),
            said("a1", "u1", 3, "msg_1", output=1, stop_reason=None),
            said("a2", "a1", 4, "msg_1", output=57, part=call, stop_reason=None),
        ],
    )
    ((found,), problems) = read(log)
    assert problems == []
    assert (found.response.usage.input_tokens, found.response.usage.output_tokens) == (103, 57)
    assert [each.name for each in found.response.tool_calls] == ["Bash"]
    assert (found.ended_ns - found.started_ns) / 1e9 == 3
    assert (found.session.id, found.session.project, found.provider) == (
        "session-1",
        "/src/app",
        "anthropic",
    )
    assert found.response.complete  # older versions never say why a response ended


def test_what_the_last_row_of_a_response_does_not_count_its_others_do(
    write_rows: WriteRows, read: Any
) -> None:
    """And what it counts, counts."""
    whole = {
        "input_tokens": 3,
        "cache_read_input_tokens": 100,
        "output_tokens_details": {"thinking_tokens": 7},
    }
    log = write_rows(
        "s.jsonl",
        [
            asked("u1", None, 1),
            said("a1", "u1", 3, "msg_1", usage=whole | {"output_tokens": 1}),
            said("a2", "a1", 4, "msg_1", usage={"input_tokens": None, "output_tokens": 57}),
        ],
    )
    ((found,), problems) = read(log)
    assert problems == []
    used = found.response.usage
    assert (used.input_tokens, used.cache_read_tokens, used.output_tokens, used.reasoning_tokens) == (
        103,
        100,
        57,
        7,
    )


def test_rows_of_parallel_agents_in_one_file_are_told_apart(write_rows: WriteRows, read: Any) -> None:
    """Older versions write sub-agents into the main transcript, and the rows of their responses mix."""
    log = write_rows(
        "s.jsonl",
        [
            asked("u1", None, 1),
            said("a1", "u1", 2, "msg_1", output=1, isSidechain=True),
            said("b1", "u1", 3, "msg_2", output=2, isSidechain=True),
            said("a2", "a1", 4, "msg_1", output=10, isSidechain=True),
            said("b2", "b1", 5, "msg_2", output=20, isSidechain=True),
        ],
    )
    calls, _ = read(log)
    assert {call.key: call.response.usage.output_tokens for call in calls} == {"msg_1": 10, "msg_2": 20}


def test_what_stood_before_is_found_by_its_parent_rows(write_rows: WriteRows, read: Any) -> None:
    """A rewound conversation goes on from where it was rewound to; after a compaction it begins with the summary."""
    log = write_rows(
        "s.jsonl",
        [
            asked("u1", None, 1, "One."),
            said("a1", "u1", 2, "msg_1"),
            asked("u2", "a1", 3, "Two."),
            said("a2", "u2", 4, "msg_2"),
            asked("u3", "a1", 5, "Two, again."),
            said("a3", "u3", 6, "msg_3"),
            {"type": "system", "subtype": "compact_boundary", "uuid": "c1", "parentUuid": None},
            asked("u4", "c1", 8, "A summary.", isCompactSummary=True),
            said("a4", "u4", 9, "msg_4"),
        ],
    )
    calls, _ = read(log)
    assert [call.context.count for call in calls] == [2, 4, 4, 2]


def test_what_no_model_said_is_no_call(write_rows: WriteRows, read: Any) -> None:
    """Messages that Claude Code makes up itself for errors and interruptions bill nothing."""
    log = write_rows(
        "s.jsonl",
        [
            asked("u1", None, 1),
            said("a1", "u1", 2, "made-up", model="<synthetic>"),
            said("a2", "u1", 3, "made-up-2", isApiErrorMessage=True),
            {
                "type": "system",
                "subtype": "api_error",
                "uuid": "e1",
                "parentUuid": "u1",
                "error": {"status": 529},
            },
            {"type": "file-history-snapshot", "messageId": "u1", "snapshot": {}},
            {"type": "a-kind-that-a-newer-version-has", "uuid": "n1", "parentUuid": "u1", "message": 7},
        ],
    )
    assert read(log) == ([], [])


def test_a_sub_agents_transcript_belongs_to_its_session(write_rows: WriteRows, read: Any) -> None:
    """It is a file of its own, in which each row has the parent's session."""
    rows = [
        asked("u1", None, 1, isSidechain=True, agentId="a7"),
        said("a1", "u1", 2, "msg_1", isSidechain=True, agentId="a7"),
    ]
    ((found,), _) = read(write_rows("session-1/subagents/agent-a7.jsonl", rows))
    assert found.session.key == ("session-1", "a7")


@pytest.mark.parametrize(
    ("name", "model", "provider"),
    [
        ("msg_bdrk_01", "claude-opus-4-8", "aws.bedrock"),
        ("msg_vrtx_01", "claude-opus-4-8", "gcp.vertex_ai"),
        ("msg_01", "glm-4.6", None),
    ],
)
def test_whose_response_it_is(write_rows: WriteRows, read: Any, name: str, model: str, provider: str) -> None:
    """The id tells the cloud; of others who answer in Anthropic's format, nothing does, and nothing is guessed."""
    ((found,), _) = read(
        write_rows("s.jsonl", [asked("u1", None, 1), said("a1", "u1", 2, name, model=model)])
    )
    assert found.provider == provider


def test_a_response_that_broke_off_is_partial(write_rows: WriteRows, read: Any) -> None:
    """In a log in which others say why they ended."""
    log = write_rows(
        "s.jsonl",
        [
            asked("u1", None, 1),
            said("a1", "u1", 2, "msg_1", output=1, stop_reason=None),
            said("a2", "u1", 4, "msg_2"),
        ],
    )
    calls, _ = read(log)
    assert [str(call.response.usage_status) for call in calls] == ["partial", "exact"]
