"""Does what is old go, a step at a time, and count neither less in the sums nor twice when it comes again?"""

from typing import Any

from otel_burn_collector import ledger
from otel_burn_collector.ledger import retention

SUMS = """
    SELECT sum(calls)::BIGINT AS calls, sum(input_tokens)::BIGINT AS input_tokens, sum(cost_usd) AS cost_usd FROM daily
"""
START = 1_795_345_760 * 10**9
DAY = 86_400.0


def history(world: Any, days: int = 4) -> list[Any]:
    """A session a day, of two calls each with a context, a tool call and a root span."""
    spans = []
    for day in range(days):
        said = {"gen_ai.conversation.id": f"s{day}"}
        root = world.span("app", said, at=day * DAY, seconds=60)
        spans.append(root)
        for turn in range(2):
            blocks = {
                "burn.context.hashes": [f"{day}{n:015x}" for n in range(turn + 1)],
                "burn.context.kinds": ["user"] * (turn + 1),
                "burn.context.bytes": [7] * (turn + 1),
            }
            spans.append(world.chat(parent=root, at=day * DAY + 1 + turn, attributes=said | blocks))
    return spans


def purge(world: Any, layer: str, days: float) -> int:
    """Purge what is older than *days* after the start, and return how many steps that took."""
    retention.want(world.con, layer, START + int(days * DAY * 1e9))
    steps = 0
    while True:
        world.con.begin()
        more = retention.purge(world.con)
        world.con.commit()
        if not more:
            return steps
        steps += 1


def counts(world: Any, *tables: str) -> list[int]:
    return [world.rows(f"SELECT count(*) AS n FROM {table}")[0]["n"] for table in tables]


def test_received_rows_go_and_calls_stay(world: Any) -> None:
    """A day a step; the calls, their contexts and the sums are what they were."""
    world.load(*history(world))
    before = world.rows("FROM llm_calls ORDER BY call_id"), world.rows(SUMS), counts(world, "context_blocks")
    assert purge(world, "spans", 2.5) >= 3
    assert counts(world, "spans") == [3]
    after = world.rows("FROM llm_calls ORDER BY call_id"), world.rows(SUMS), counts(world, "context_blocks")
    assert after == before


def test_a_purged_span_that_is_sent_again_is_known(world: Any) -> None:
    """It makes no rows; one of that time that never came before counts."""
    spans = history(world)
    world.load(*spans)
    purge(world, "spans", 3)
    before = world.rows(SUMS)
    world.load(*spans)
    assert world.rows(SUMS) == before
    assert counts(world, "spans") == [3]
    world.load(world.chat(at=5, attributes={"gen_ai.conversation.id": "late"}))
    assert counts(world, "llm_calls") == [9]


def test_a_purged_log_record_that_is_sent_again_is_known(world: Any) -> None:
    """By sixteen bytes."""
    record = world.log("tests", "something", {}, at=1)
    world.load(logs=[record])
    purge(world, "spans", 1)
    world.load(logs=[record])
    assert counts(world, "logs") == [0]


def test_calls_go_by_whole_sessions_and_their_sums_stay(world: Any) -> None:
    """Every table forgets them; `daily` adds up to the same; the other sessions are untouched."""
    world.load(*history(world))
    before, days = world.rows(SUMS), world.rows("FROM daily ORDER BY ALL")
    kept = world.rows("FROM llm_calls WHERE session_id = 's3' ORDER BY call_id")
    purge(world, "calls", 3)
    assert world.rows("SELECT session_id FROM sessions") == [{"session_id": "s3"}]
    assert world.rows("FROM llm_calls ORDER BY call_id") == kept
    assert (world.rows(SUMS), world.rows("FROM daily ORDER BY ALL")) == (before, days)
    tables = ("reports", "identities", "lists", "first_blocks", "blocks")
    assert counts(world, *(f"store.{table}" for table in tables)) == [2, 2, 2, 2, 2]


def test_a_purged_call_does_not_count_again(world: Any) -> None:
    """Neither by the same report nor by another emitter's of that time; what is newer does."""
    spans = history(world)
    world.load(*spans)
    purge(world, "calls", 3)
    before = world.rows(SUMS)
    late = world.chat("com.anthropic.sdk.python", at=DAY + 1, attributes={"gen_ai.conversation.id": "s1"})
    world.load(*spans, late)
    assert world.rows(SUMS) == before
    world.load(world.chat(at=3.5 * DAY, attributes={"gen_ai.conversation.id": "new"}))
    assert world.rows(SUMS)[0]["calls"] == before[0]["calls"] + 1


def test_a_session_that_goes_on_stays_whole(world: Any) -> None:
    """Purging by its calls would change what it cost."""
    said = {"gen_ai.conversation.id": "long"}
    world.load(world.chat(at=0, attributes=said), world.chat(at=3.5 * DAY, attributes=said))
    purge(world, "calls", 3)
    assert world.rows("SELECT turn FROM llm_calls ORDER BY turn") == [{"turn": 1}, {"turn": 2}]


def test_a_horizon_never_goes_back(world: Any) -> None:
    """A clock that was set back brings nothing back, and wants nothing."""
    world.load(*history(world))
    purge(world, "spans", 3)
    assert purge(world, "spans", 1) == 0
    assert retention.horizons(world.con)["spans"].wanted == START + int(3 * DAY * 1e9)


def test_a_rebuild_after_a_purge_brings_nothing_back(world: Any) -> None:
    """What is derived again is what there is."""
    world.load(*history(world))
    purge(world, "calls", 3)
    before = world.rows(SUMS), world.rows("FROM llm_calls ORDER BY call_id")
    world.rebuild()
    assert (world.rows(SUMS), world.rows("FROM llm_calls ORDER BY call_id")) == before


def test_quarters_of_an_hour_go_with_their_sessions(world: Any) -> None:
    """The sums over time are those of the calls that there are, before and after."""
    quarters, calls = "SELECT sum(calls)::BIGINT AS n FROM quarters", "SELECT count(*) AS n FROM llm_calls"
    world.load(*history(world))
    assert world.rows(quarters) == world.rows(calls)
    purge(world, "calls", 2.5)
    assert world.rows(quarters) == world.rows(calls) == [{"n": 2}]


def test_a_ledger_of_an_older_version_gets_its_quarters(world: Any) -> None:
    """A database that has calls but no quarters is summed when it is opened."""
    world.load(*history(world))
    before = world.rows("FROM quarters ORDER BY ALL")
    world.con.execute("DELETE FROM store.quarters")
    ledger.create(world.con)
    assert world.rows("FROM quarters ORDER BY ALL") == before
