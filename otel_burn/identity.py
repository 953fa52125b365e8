"""Which program is this? Its service name, project and run, as the attributes of a resource."""

import logging
import os
import sys
import uuid
from importlib.metadata import version
from pathlib import Path
from typing import Final
from urllib.parse import unquote

from otel_burn import names
from otel_burn.settings import Settings

_LOG: Final = logging.getLogger("otel_burn")


def resource(settings: Settings) -> dict[str, str | int]:
    """The resource of this process: what the user set in the environment is laid over what we found."""
    own: dict[str, str | int] = {
        "telemetry.sdk.language": "python",
        "telemetry.sdk.name": names.SCOPE,  # as the convention wants of who is not OpenTelemetry's own
        "telemetry.sdk.version": version("otel-burn"),
        names.SERVICE_NAME: program(),
        names.SERVICE_INSTANCE_ID: str(uuid.uuid4()),
        "process.pid": os.getpid(),
    }
    if name := _project_here():
        own[names.PROJECT] = name
    if settings.run_id:
        own[names.RUN_ID] = settings.run_id
    return own | _given(os.environ.get("OTEL_RESOURCE_ATTRIBUTES", ""), os.environ.get("OTEL_SERVICE_NAME"))


def _given(attributes: str, service_name: str | None) -> dict[str, str | int]:
    """What the standard variables say: `key=value` pairs with commas between, percent-encoded; the name comes first.

    Read by ourselves: importing OpenTelemetry's SDK for it would cost the first call of a program 80 ms of CPU.
    """
    found: dict[str, str | int] = {}
    for pair in filter(None, (pair.strip() for pair in attributes.split(","))):
        key, is_pair, value = pair.partition("=")
        if is_pair and key.strip():
            found[key.strip()] = unquote(value.strip())
        else:
            _LOG.warning(
                "otel-burn: OTEL_RESOURCE_ATTRIBUTES has an item that is no key=value; it is ignored"
            )
    return found | ({names.SERVICE_NAME: service_name} if service_name else {})


def program() -> str:
    """What the program calls itself: the stem of its script, or the name of its package."""
    script = Path(sys.argv[0] if sys.argv else "")
    if script.stem == "__main__":
        return script.parent.name
    return script.stem if script.stem and script.stem != "-c" else "python"


def _project_here() -> str:
    try:
        return project(Path.cwd())
    except OSError:  # the folder was deleted, or may not be read
        return ""


def project(folder: Path) -> str:
    """The repository that *folder* lies in, by name; without one, the folder's own name."""
    for candidate in (folder, *folder.parents):
        if (candidate / ".git").exists():
            return candidate.name
    return folder.name
