"""Are rollouts of Codex read right: cumulative counts, forks that copy their parent, compaction, custom providers?"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

Row = dict[str, Any]
WriteRows = Callable[..., Path]
PARENT, CHILD = "01a202f3-0000-7be1-a661-47943f4e8715", "01a20300-0000-7be1-a661-47943f4e8715"
OLD_TURN, NEW_TURN = "01a202f3-1000-7ae0-8c16-be684b610788", "01a20300-1000-7ae0-8c16-be684b610788"


def row(kind: str, second: int, payload: Row) -> Row:
    """A row as Codex writes it."""
    return {"timestamp": f"2026-11-22T11:10:{second:02d}.000Z", "type": kind, "payload": payload}


def meta(thread: str, second: int = 0, **more: Any) -> Row:
    """The head of a rollout."""
    return row("session_meta", second, {"id": thread, "timestamp": f"2026-11-22T11:10:{second:02d}Z", **more})


def turn(second: int, turn_id: str | None = None) -> Row:
    """The beginning of a turn."""
    return row("turn_context", second, {"model": "gpt-5.5", "cwd": "/src/app", "turn_id": turn_id})


def usage(given: int, made: int) -> Row:
    """Token counts."""
    return {"input_tokens": given, "cached_input_tokens": given // 2, "output_tokens": made}


def counted(second: int, totals: tuple[int, int], last: tuple[int, int] | None) -> Row:
    """A `token_count` of older versions."""
    info: Row = {"total_token_usage": usage(*totals)}
    info |= {"last_token_usage": usage(*last)} if last else {}
    return row("event_msg", second, {"type": "token_count", "info": info})


def recorded(second: int, response: str, given: int, made: int) -> Row:
    """A `token_usage_record` of newer versions."""
    said = {"response_id": response, "usage": usage(given, made), "thread_token_usage": usage(given, made)}
    return row("token_usage_record", second, said)


def tokens(calls: list[Any]) -> list[tuple[int, int]]:
    return [(call.response.usage.input_tokens, call.response.usage.output_tokens) for call in calls]


def test_a_call_is_where_the_totals_moved(write_rows: WriteRows, read: Any) -> None:
    """Counts come again when rate limits change, and without any info; where the last ones are missing, totals tell."""
    log = write_rows(
        "rollout.jsonl",
        [
            meta(PARENT),
            turn(1),
            counted(2, (100, 10), (100, 10)),
            counted(3, (100, 10), (100, 10)),
            row("event_msg", 4, {"type": "token_count", "info": None, "rate_limits": {}}),
            counted(5, (300, 40), None),
        ],
    )
    calls, problems = read(log)
    assert (tokens(calls), problems) == ([(100, 10), (200, 30)], [])
    assert {call.request_model for call in calls} == {"gpt-5.5"}


def test_a_record_and_its_count_are_one_call(write_rows: WriteRows, read: Any) -> None:
    """Newer versions write both; a thread that an older version began and a newer one went on with has either."""
    log = write_rows(
        "rollout.jsonl",
        [
            meta(PARENT),
            counted(1, (100, 10), (100, 10)),
            row(
                "token_usage_record",
                2,
                {"response_id": "resp_1", "usage": usage(50, 5), "thread_token_usage": usage(150, 15)},
            ),
            counted(3, (150, 15), (50, 5)),
        ],
    )
    calls, _ = read(log)
    assert tokens(calls) == [(100, 10), (50, 5)]
    assert [call.response.id for call in calls] == [None, "resp_1"]


def test_a_copied_turn_is_the_parents(write_rows: WriteRows, read: Any) -> None:
    """A fork's rollout begins with its parent's rows, dated anew; the id of a turn tells when that began."""
    log = write_rows(
        "rollout.jsonl",
        [
            meta(CHILD, forked_from_id=PARENT),
            meta(PARENT),
            turn(1, OLD_TURN),
            counted(1, (100, 10), (100, 10)),
            turn(2, NEW_TURN),
            counted(3, (300, 40), (200, 30)),
        ],
    )
    calls, problems = read(log)
    assert (tokens(calls), calls[0].session.id) == ([(200, 30)], CHILD)
    assert calls[0].session.parent_id == PARENT
    assert [problem.passing for problem in problems] == [True]


def test_a_copy_without_turns_is_known_by_its_parent(write_rows: WriteRows, read: Any) -> None:
    """Where no id tells, the parent's own rollout does: equal counts in equal places, up to where the two part."""
    write_rows(
        f"sessions/2026/11/22/rollout-2026-11-22T11-10-00-{PARENT}.jsonl",
        [
            meta(PARENT),
            counted(1, (100, 10), (100, 10)),
            counted(2, (200, 20), (100, 10)),
            counted(9, (900, 90), None),
        ],
    )
    log = write_rows(
        f"sessions/2026/11/23/rollout-2026-11-23T11-10-00-{CHILD}.jsonl",
        [
            meta(CHILD, 3, forked_from_id=PARENT),
            meta(PARENT, 3),
            counted(3, (100, 10), (100, 10)),
            counted(3, (200, 20), (100, 10)),
            counted(3, (350, 35), (150, 15)),
        ],
    )
    calls, _ = read(log)
    assert tokens(calls) == [(150, 15)]


def test_fast_calls_of_a_sub_agent_are_its_own(write_rows: WriteRows, read: Any) -> None:
    """Calls within the second of the thread's start are no copies because they are fast."""
    log = write_rows(
        "rollout.jsonl",
        [
            meta(
                CHILD,
                source={"subagent": {"thread_spawn": {"parent_thread_id": PARENT, "agent_role": "explorer"}}},
            ),
            turn(0, NEW_TURN),
            recorded(0, "resp_1", 100, 10),
            recorded(0, "resp_2", 100, 10),
        ],
    )
    calls, _ = read(log)
    assert tokens(calls) == [(100, 10), (100, 10)]
    assert {(call.agent, call.session.parent_id) for call in calls} == {("explorer", PARENT)}


def test_a_compaction_replaces_what_stood_before(write_rows: WriteRows, read: Any) -> None:
    """By the history that it names."""
    said = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Hello."}]}
    log = write_rows(
        "rollout.jsonl",
        [
            meta(PARENT),
            row("response_item", 1, said),
            row("response_item", 1, said),
            recorded(2, "resp_1", 100, 10),
            row("compacted", 3, {"message": "A summary.", "replacement_history": [said]}),
            recorded(4, "resp_2", 50, 10),
        ],
    )
    calls, _ = read(log)
    assert [call.context.count for call in calls] == [3, 2]


def test_the_ledger_knows_a_sessions_parent(write_rows: WriteRows, book: Any) -> None:
    """A sub-agent's thread names the one that started it."""
    spawned = {"subagent": {"thread_spawn": {"parent_thread_id": PARENT, "agent_role": "explorer"}}}
    log = write_rows(
        "rollout.jsonl", [meta(CHILD, source=spawned), turn(0, NEW_TURN), recorded(0, "resp_1", 100, 10)]
    )
    book.take(log)
    (session,) = book.rows("SELECT session_id, parent_session_id, agent, calls FROM sessions")
    assert session == {"session_id": CHILD, "parent_session_id": PARENT, "agent": "explorer", "calls": 1}
