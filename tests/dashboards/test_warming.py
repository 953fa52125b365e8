"""Is the first page ready before its reader comes?"""

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from otel_burn_dashboards import server, source, warming


def test_the_first_page_has_its_answers(db: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is asked while the browser opens is just what the first page asks: it can do without the ledger."""
    copy = Path(shutil.copy(db, tmp_path))
    monkeypatch.setenv("OTEL_BURN_DB", str(copy))
    monkeypatch.setattr(
        source, "now", lambda: datetime(2026, 11, 30, tzinfo=UTC)
    )  # no minute ends in between
    st.cache_data.clear()
    warming.ask()
    copy.unlink()
    app = AppTest.from_file(server.APP, default_timeout=30).run()
    assert not app.exception
    assert not app.error
    assert {metric.label: metric.value for metric in app.metric}["LLM calls"] == "12"


def test_nothing_is_made_ready_of_a_ledger_that_is_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page itself says what is wrong."""
    monkeypatch.setenv("OTEL_BURN_DB", str(tmp_path / "none.duckdb"))
    st.cache_data.clear()
    warming.ask()
