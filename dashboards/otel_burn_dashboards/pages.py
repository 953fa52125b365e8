"""Which pages does the explorer have? Files of `app_pages/`, in the order of the navigation."""

from typing import Final, NamedTuple


class Page(NamedTuple):
    """A page: the name of its file and in its address, its title, its icon; one without is not in the navigation."""

    name: str
    title: str
    icon: str | None


FIRST: Final = "burn"
"""The page at the root."""
SQL: Final = "sql"
"""The page that says itself what it is about, without the reader's time range and filters."""

PAGES: Final = (
    Page(FIRST, "Burn", ":material/local_fire_department:"),
    Page("findings", "Findings", ":material/troubleshoot:"),
    Page("sessions", "Sessions", ":material/forum:"),
    Page("session", "Session", None),
    Page("trace", "Trace", ":material/account_tree:"),
    Page("compare", "Compare", ":material/compare_arrows:"),
    Page(SQL, "SQL", ":material/database:"),
)
