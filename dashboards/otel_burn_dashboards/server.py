"""How is the explorer served? Streamlit in this process, told once what it may do, behind our guards and first page."""

import socket
import threading
import time
import traceback
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import streamlit as st
from starlette.middleware import Middleware

from otel_burn.errors import BurnError
from otel_burn_dashboards import warming
from otel_burn_dashboards.colors import DARK, LIGHT, SERIES
from otel_burn_dashboards.figures import plain
from otel_burn_dashboards.guard import KnownHosts, OwnResources
from otel_burn_dashboards.shell import Shell

APP = Path(__file__).parent / "app.py"

PATIENCE = 3.0
"""Seconds for pages to end after the server has."""

LOOPBACK = ("127.0.0.1", "localhost", "::1")
EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104 - recognised, never a default

SETTINGS: dict[str, Any] = {
    "browser.gatherUsageStats": False,
    "client.showErrorDetails": "none",
    "client.showErrorLinks": False,
    "client.toolbarMode": "minimal",
    "global.developmentMode": False,
    "logger.hideWelcomeMessage": True,
    "logger.level": "error",
    "runner.magicEnabled": False,
    "server.enableStaticServing": False,
    "server.fileWatcherType": "none",
    "server.headless": True,
    "server.maxUploadSize": 1,
    "server.showEmailPrompt": False,
    "theme.baseRadius": "medium",
    "theme.headingFontSizes": ["1.9rem", "1.5rem", "1.25rem"],
    "theme.metricValueFontSize": "1.6rem",
    "theme.paddingTop": "1.2rem",
    "theme.chartCategoricalColors": list(SERIES),
    "theme.showWidgetBorder": True,
    **{f"theme.light.{name}": color for name, color in LIGHT.items()},
    **{f"theme.dark.{name}": color for name, color in DARK.items()},
}
"""What Streamlit is told, whatever a user's own Streamlit configuration says."""


def serve(host: str, port: int, *, serving: Callable[[str], None]) -> None:
    """Serve the explorer at *host*:*port* (0: a free one) until a signal ends it; *serving* is told its URL."""
    refuse_taken(host, port)
    warming.begin(warming.load)

    @asynccontextmanager
    async def lifespan(_: st.App) -> AsyncIterator[None]:
        # The socket listens already, and by now its port is known.
        serving(url(host, int(st.get_option("server.port"))))
        warming.begin(warming.ask)
        yield

    guards = [Middleware(KnownHosts, names=names(host)), Middleware(OwnResources), Middleware(Shell)]
    app = st.App(APP, lifespan=lifespan, middleware=guards, on_script_error=admit)
    try:
        app.run(config=settings(host, port))
    finally:
        finish_pages()


def admit(error: Exception) -> bool:
    """Say on the page that the mistake is ours; the details go to the terminal."""
    traceback.print_exception(error)
    text = f"{type(error).__name__}: {error}"
    st.error(
        f"This page made a mistake of its own, which should not happen: {plain(text)}. "
        "The details are in the terminal that runs the explorer.",
        icon=":material/bug_report:",
    )
    return True


def finish_pages() -> None:
    """Let pages that still run come to their end: DuckDB complains loudly when Python ends under it."""
    deadline = time.monotonic() + PATIENCE
    for thread in threading.enumerate():
        if thread.name.startswith("ScriptRunner"):
            thread.join(max(0.0, deadline - time.monotonic()))


def settings(host: str, port: int) -> dict[str, Any]:
    """Streamlit's configuration for an explorer at *host*:*port*."""
    # As an environment variable in JSON this list would be ignored, and every host let in.
    allowed = {"server.allowedHosts": list(LOOPBACK)} if host in LOOPBACK else {}
    return SETTINGS | {"server.address": host, "server.port": port} | allowed


def names(host: str) -> tuple[str, ...]:
    """The names under which an explorer at *host* answers."""
    return ("localhost", host, *(() if host in LOOPBACK else (socket.gethostname(), socket.getfqdn())))


def url(host: str, port: int) -> str:
    """The address to open in a browser on this machine."""
    shown = "127.0.0.1" if host in EVERYWHERE else host
    return f"http://[{shown}]:{port}" if ":" in shown else f"http://{shown}:{port}"


def refuse_taken(host: str, port: int) -> None:
    """Raise `BurnError` when nobody can listen at *host*:*port*."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except (OSError, OverflowError) as error:
            raise BurnError(
                f"The explorer cannot listen at {host} port {port}: {_reason(error)}. "
                "Choose another with --port, or leave it out for a free one."
            ) from error


def _reason(error: Exception) -> str:
    return (error.strerror or str(error)) if isinstance(error, OSError) else str(error)
