"""Does the reference page say what the views are?"""

import re
import runpy
from pathlib import Path
from typing import Any

import pytest

SCRIPT = Path(__file__).parents[2] / "scripts" / "build_tables.py"


@pytest.fixture(scope="module")
def script() -> dict[str, Any]:
    if not SCRIPT.is_file():
        pytest.skip(f"needs {SCRIPT}, which is not in a wheel")
    return runpy.run_path(str(SCRIPT))


def test_the_page_is_as_the_views_are(script: dict[str, Any]) -> None:
    """Generated, never edited: `python scripts/build_tables.py` writes it."""
    assert script["PAGE"].read_text(encoding="utf-8") == script["page"]()


def test_every_view_and_column_is_explained(script: dict[str, Any]) -> None:
    """No column of the contract goes without a comment."""
    page = script["page"]()
    assert re.findall(r"^\| `.*\| *\|$", page, re.MULTILINE) == []
    assert len(re.findall(r"^## ", page, re.MULTILINE)) >= 11
    assert "None." not in page
