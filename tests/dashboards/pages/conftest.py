"""How do the tests of pages read a page? Its headline, and everything that it says."""

from collections.abc import Callable

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
