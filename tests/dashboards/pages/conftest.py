"""How do the tests of pages read a page, its headline and everything that it says, and of which ledgers?"""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from streamlit.testing.v1 import AppTest


@pytest.fixture(scope="session")
def metrics() -> Callable[[AppTest], dict[str, str]]:
    """Gives the headline of a page."""
    return lambda app: {metric.label: str(metric.value) for metric in app.metric}


@pytest.fixture(scope="session")
def said() -> Callable[[AppTest], str]:
    """Gives everything that a page says in words."""

    def words(app: AppTest) -> str:
        parts = (
            app.markdown,
            app.caption,
            app.info,
            app.warning,
            app.error,
            app.success,
            app.subheader,
            app.title,
        )
        return "\n".join(str(element.value) for part in parts for element in part).replace("\\", "")

    return words


@pytest.fixture
def unpriced_db(tmp_path: Path, made: SimpleNamespace) -> Path:
    """A database whose only model has no price. One call was refused, the others listed what they carried."""
    housed = {"session": "housed", "agent": "librarian", "model": "house-model-1", "provider": "house"}
    blocks = [("system", "be quiet", 4000, "", ""), ("tool_definition", "lend", 100, "", "")]
    answered = [made.call(turn, **housed, tokens=(5000, 0, 100), blocks=blocks) for turn in range(1, 4)]
    db: Path = made.fill(tmp_path / "burn.duckdb", [*answered, made.call(4, **housed, error="429")])
    return db


@pytest.fixture
def unjudged_db(tmp_path: Path, made: SimpleNamespace) -> Path:
    """A database that no detector has seen."""
    db: Path = made.fill(tmp_path / "burn.duckdb", made.looping(), judged=False)
    return db


@pytest.fixture
def fill_quietly(made: SimpleNamespace) -> Callable[..., Path]:
    """Has sessions of one call each, in which nothing is to be found, arrive in a database."""

    def filled(database: Path, *, sessions: int) -> Path:
        sent = [made.call(1, session=f"q{number}", agent="quiet") for number in range(sessions)]
        return Path(made.fill(database, sent, judged=False))

    return filled
