"""What does a browser get first? Streamlit's own page, told where its server is.

Left alone it asks for its server below each page's address first: two errors in the console of every deep link, and two
round trips before it connects. A Streamlit that no longer reads what it is told goes on as if left alone.
"""

from functools import cache
from pathlib import Path
from typing import Final

import streamlit
from starlette.responses import HTMLResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from otel_burn_dashboards.pages import FIRST, PAGES

CONNECT: Final = """<script>
      window.__streamlit = {
        BACKEND_BASE_URL: location.origin + location.pathname.replace(/[^/]*$/, ""),
        HOST_CONFIG: { allowedOrigins: [location.origin], useExternalAuthToken: false, metricsUrl: "off" },
      };
    </script>
  </head>"""
"""Connect at once, to the server that the page came from; nobody else may send the page messages."""


class Shell:
    """Answers requests for a page with what every page begins with."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._paths = {"/", *(f"/{page.name}" for page in PAGES if page.name != FIRST)}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or pass on what asks for no page."""
        if scope["type"] == "http" and scope["method"] in ("GET", "HEAD") and scope["path"] in self._paths:
            await HTMLResponse(html(), headers={"Cache-Control": "no-cache"})(scope, receive, send)
            return
        await self._app(scope, receive, send)


@cache
def html() -> str:
    """Streamlit's page with `CONNECT` in its head."""
    page = Path(streamlit.__file__).parent / "static" / "index.html"
    return page.read_text(encoding="utf-8").replace("</head>", CONNECT, 1)
