"""Which program is this? Its service name, project and run, as a resource."""

import os
import sys
import uuid
from importlib.metadata import version
from pathlib import Path

from opentelemetry.sdk.resources import OTELResourceDetector, Resource

from otel_burn import names
from otel_burn.settings import Settings


def resource(settings: Settings) -> Resource:
    """The resource of this process: `OTEL_SERVICE_NAME` and `OTEL_RESOURCE_ATTRIBUTES` first, then what we find."""
    # Not Resource.create(): it starts a thread pool, which fails in a program that is about to end.
    given = OTELResourceDetector().detect()
    own: dict[str, str | int] = {
        "telemetry.sdk.language": "python",
        "telemetry.sdk.name": "opentelemetry",
        "telemetry.sdk.version": version("opentelemetry-sdk"),
        names.SERVICE_NAME: program(),
        names.SERVICE_INSTANCE_ID: str(uuid.uuid4()),
        "process.pid": os.getpid(),
    }
    if name := _project_here():
        own[names.PROJECT] = name
    if settings.run_id:
        own[names.RUN_ID] = settings.run_id
    # What the user set (`given`) is laid over what we found.
    return Resource(own).merge(given)


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
