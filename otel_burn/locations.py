"""Where does otel-burn keep its files, and where does it send spans?"""

import os
import re
from pathlib import Path

DEFAULT_HTTP_PORT = 4318
DEFAULT_GRPC_PORT = 4317
TOKEN_VARIABLE = "OTEL_BURN_TOKEN"  # noqa: S105 - the variable's name
DEFAULT_ENDPOINT = f"http://127.0.0.1:{DEFAULT_HTTP_PORT}"


def home() -> Path:
    """The folder of everything that otel-burn writes (`OTEL_BURN_HOME`, default `~/.otel-burn`)."""
    if named := os.environ.get("OTEL_BURN_HOME"):
        return Path(named)
    try:
        return Path.home() / ".otel-burn"
    except RuntimeError:  # a container's user, whom nobody has told the system about
        import tempfile  # noqa: PLC0415 - costs as much as all the rest of us in a process without a call

        return Path(tempfile.gettempdir()) / f"otel-burn-{os.getuid()}"


def database() -> Path:
    """The database of commands that name none (`OTEL_BURN_DB`, default `burn.duckdb` in `home()`)."""
    return Path(os.environ.get("OTEL_BURN_DB") or home() / "burn.duckdb")


def spool() -> Path:
    """The folder of spans that are finished and not yet delivered."""
    return home() / "spool"


def run_folder(run_id: str) -> Path:
    """The folder in which the processes of a run say what they were and what they saw."""
    return home() / "runs" / run_id


def endpoint() -> str:
    """The base URL of the collector (`OTEL_BURN_ENDPOINT`, default the local one)."""
    return (os.environ.get("OTEL_BURN_ENDPOINT") or DEFAULT_ENDPOINT).rstrip("/")


def token() -> str | None:
    """What a collector that other machines reach wants to see (`OTEL_BURN_TOKEN`); it is never said to anyone else."""
    return os.environ.get(TOKEN_VARIABLE, "").strip() or None


def without_secrets(url: str) -> str:
    """*url* as it may be said: without user, password and query."""
    return re.sub(r"//[^/]*@", "//", url).partition("?")[0]
