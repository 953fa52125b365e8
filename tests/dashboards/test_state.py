"""Does the URL carry the state, and survive what people type into it?"""

from datetime import UTC, datetime, timedelta

from otel_burn_dashboards.scope import filters
from otel_burn_dashboards.state import View

NOW = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)


def test_a_view_comes_back_from_its_url() -> None:
    """What a link carries is what it shows."""
    view = View(
        range="custom", begin="2026-11-02 09:00", where=("model: a", "agent: b: c"), zone="Asia/Kolkata", day="6",
        live="true",
        by="agent", then="user", measure="tokens", session="s 1/ä", turn="3", sql="SELECT 1", finding="f", trace="t",
    )  # fmt: skip
    assert View.of(view.params) == view


def test_defaults_stay_out_of_the_url() -> None:
    """A short link says only what was chosen."""
    assert View().params == {}
    assert View(session="s").params == {"session": "s"}


def test_unknown_choices_fall_back_to_the_default() -> None:
    """A mistyped or outdated link still opens."""
    assert View.of(
        {"range": "fortnight", "by": "mood", "zone": "Mars/Base", "day": "25", "session": "s", "utm": "x"}
    ) == View(session="s")


def test_a_range_counts_back_from_now() -> None:
    """`7d` is the last seven days, `all` has no beginning."""
    assert View(range="7d").bounds(NOW) == (NOW - timedelta(days=7), None)
    assert View().bounds(NOW) == (None, None)


def test_a_chosen_time_is_on_the_readers_clock() -> None:
    """What somebody in India types is India's time; what is no time is no limit."""
    view = View(range="custom", begin="2026-11-02 09:00", end="soon", zone="Asia/Kolkata")
    assert view.bounds(NOW) == (datetime(2026, 11, 2, 3, 30, tzinfo=UTC), None)


def test_a_link_takes_the_frame_along_and_leaves_the_selection() -> None:
    """From a finding to a session: the same time range, filters and clock, without the finding."""
    view = View(range="7d", where=("model: a",), zone="Asia/Kolkata", finding="f", sql="SELECT 1")
    assert View.of(view.to(session="s")) == View(
        range="7d", where=("model: a",), zone="Asia/Kolkata", session="s"
    )


def test_filters_that_name_no_dimension_are_ignored() -> None:
    """A mistyped one does not hide everything."""
    assert filters(["mood: good", "model", "model: a", "model: b"]) == (("model", ("a", "b")),)
