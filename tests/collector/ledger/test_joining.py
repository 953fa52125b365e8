"""Does joining decide the same whatever order it looks in? The pure function, on a few reports."""

from itertools import permutations

from otel_burn_collector.ledger.joining import SLACK, Link, Report, join


def _report(report_id: str, emitter: str, *, above: str | None = None, started: int = 0) -> Report:
    return Report(report_id, emitter, None, None, above, started, started + 1)


def test_the_nearer_of_two_candidates_is_it() -> None:
    """Two calls, each reported by a and b under one reused id: pairs form by time, in any order of links."""
    reports = [_report(name, name[0]) for name in ("a1", "a2", "b1", "b2")]
    links = [Link(9, "a1", "b2"), Link(1, "a1", "b1"), Link(9, "a2", "b1"), Link(1, "a2", "b2")]
    for order in permutations(links):
        groups = join(reports, order).groups
        assert groups["a1"] == groups["b1"] != groups["a2"] == groups["b2"]


def test_a_report_below_another_at_another_time_is_another_call() -> None:
    """A span that ended long before does not report what ran below it later."""
    reports = [_report("top", "a"), _report("late", "b", above="top", started=2 + SLACK)]
    groups = join(reports, []).groups
    assert groups["top"] != groups["late"]


def test_a_report_in_the_middle_of_three_joins_both() -> None:
    """Joining is transitive along a path."""
    reports = [_report("top", "a"), _report("mid", "b", above="top"), _report("low", "c", above="mid")]
    assert len(set(join(reports, []).groups.values())) == 1


def test_a_roll_up_of_roll_ups_is_one() -> None:
    """What a dropped report holds counts as below the next one up."""
    reports = [
        _report("top", "a"),
        _report("mid", "b", above="top"),
        _report("x", "c", above="mid"),
        _report("y", "c", above="mid"),
    ]
    groups = join(reports, []).groups
    assert (groups["top"], groups["mid"]) == (None, None)
    assert groups["x"] != groups["y"]


def test_parents_in_a_circle_end() -> None:
    """Broken telemetry may call a span its own ancestor."""
    reports = [_report("x", "a", above="y"), _report("y", "b", above="x")]
    assert set(join(reports, []).groups) == {"x", "y"}
