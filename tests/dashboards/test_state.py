"""Does the URL carry the state, and survive what people type into it?"""

from datetime import UTC, datetime, timedelta

from otel_burn_dashboards.state import View

NOW = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)


def test_a_view_comes_back_from_its_url() -> None:
    """What a link carries is what it shows."""
    view = View(range="7d", by="agent", measure="tokens", session="s 1/ä", turn="3", sql="SELECT 1")
    assert View.of(view.params) == view


def test_defaults_stay_out_of_the_url() -> None:
    """A short link says only what was chosen."""
    assert View().params == {}
    assert View(session="s").params == {"session": "s"}


def test_unknown_choices_fall_back_to_the_default() -> None:
    """A mistyped or outdated link still opens."""
    assert View.of({"range": "fortnight", "by": "mood", "session": "s", "utm": "x"}) == View(session="s")


def test_a_range_counts_back_from_now() -> None:
    """`7d` is the last seven days, `all` has no beginning."""
    assert View(range="7d").since(NOW) == NOW - timedelta(days=7)
    assert View().since(NOW) is None
