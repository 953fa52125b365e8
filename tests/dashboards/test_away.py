"""Does each page go on while the collector is frozen: what it showed, what happened, and what to do?"""

import signal
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from otel_burn_dashboards import presence

PAGES: tuple[tuple[str, dict[str, str]], ...] = (
    ("burn", {"range": "30d"}),
    ("findings", {}),
    ("findings", {"show": "blocks"}),
    ("sessions", {}),
    ("session", {"session": "looping"}),
    ("trace", {}),
    ("trace", {"trace": sha256(b"looping").hexdigest()[:32]}),
    ("compare", {"pair": "agent"}),
    ("sql", {"sql": "SELECT 41 + 1 AS answer"}),
)


def shown(app: AppTest) -> list[str]:
    """What stands on a page, but for its notes and how fresh it is."""
    parts = (app.title, app.header, app.subheader, app.markdown, app.metric, app.dataframe)
    return [str(element.value) for part in parts for element in part]


def test_every_page_shows_what_it_showed_before_the_collector_froze(
    running: Any, away_db: Path, open_page: Callable[..., AppTest], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Asked by hand, so nothing is answered anew: each page is as it was, under a note that says why, since when, and
    what to do; and as before once the collector answers."""
    before = [open_page(page, away_db, **params) for page, params in PAGES]
    running.send(signal.SIGSTOP)
    monkeypatch.setattr(presence, "SECONDS", 0.3)
    try:
        for app, (page, _) in zip(before, PAGES, strict=True):
            stood = shown(app)
            next(button for button in app.button if button.label == "Refresh").click().run()
            assert not app.exception, page
            note = app.warning[0].value
            assert "does not answer" in note, page
            assert "otel-burn collector" in note, page
            assert "Below is what was answered at" in note, page
            assert shown(app) == stood, page
    finally:
        running.send(signal.SIGCONT)
    monkeypatch.setattr(presence, "SECONDS", 3.0)
    assert not any("does not answer" in note.value for note in before[0].run().warning)


def test_what_nobody_asked_before_is_a_sentence_while_the_collector_is_frozen(
    running: Any, away_db: Path, open_page: Callable[..., AppTest]
) -> None:
    """A page that is opened first then ends with one sentence, not with an error of the database."""
    running.send(signal.SIGSTOP)
    try:
        app = open_page("session", away_db, session="housed")
    finally:
        running.send(signal.SIGCONT)
    assert not app.exception
    (error,) = app.error
    assert "does not answer" in error.value
    assert "goes on by itself" in error.value


def test_a_killed_collector_is_told_from_one_that_was_stopped(running: Any, away_db: Path) -> None:
    """One left its note behind, so what it had accepted may wait; the other took it along."""
    assert presence.look(away_db).state == "answers"
    running.end(signal.SIGKILL)
    assert presence.look(away_db).state == "ended"
    running.start()
    assert presence.look(away_db).state == "answers"
    running.end()
    assert presence.look(away_db).state == "absent"
    running.start()
