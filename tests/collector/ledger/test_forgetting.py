"""Is what others have of a forgotten session what it would be without the forgotten?"""

from typing import Any

import pytest

from otel_burn_collector.ledger.forgetting import forget

TABLES = ("llm_calls", "sessions", "quarters")


def shared_session(world: Any, *users: str) -> list[dict[str, Any]]:
    """One call of each of *users*, in traces of their own, all in one session."""
    said = [
        {"user.id": user, "gen_ai.conversation.id": "shared", "gen_ai.response.id": f"of {user}"}
        for user in users
    ]
    return [world.chat(attributes=each, at=60.0 * number) for number, each in enumerate(said)]


@pytest.mark.parametrize("forgotten", ["ada", "bob", "cy"])
def test_a_session_of_several_users_is_summed_again(make_world: Any, forgotten: str) -> None:
    """Whoever goes, the first, one between or the last: calls, session and sums are as if they had never been."""
    world, without = make_world(), make_world()
    spans = shared_session(world, "ada", "bob", "cy")
    world.load(*spans)
    without.load(*(span for span in spans if span["attributes"]["user.id"] != forgotten))
    world.con.begin()
    assert forget(world.con, "user", forgotten) == {"traces": 1, "log records": 0, "calls": 1}
    world.con.commit()
    for table in TABLES:
        rows = f"FROM {table} ORDER BY ALL"
        assert world.rows(rows) == without.rows(rows)
    assert without.rows("SELECT calls FROM sessions") == [{"calls": 2}]


def test_a_session_that_is_only_theirs_is_gone(world: Any) -> None:
    """No row of it stays in any of them."""
    world.load(*shared_session(world, "ada"))
    world.con.begin()
    forget(world.con, "user", "ada")
    world.con.commit()
    for table in TABLES:
        assert world.rows(f"FROM {table}") == []
