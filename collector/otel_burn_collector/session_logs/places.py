"""Where do agents keep their session logs? In their usual places, moved by the agents' own environment variables."""

import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final, NamedTuple

Trouble = Callable[[Path, str], None]


class Place(NamedTuple):
    """Where an agent may keep logs."""

    agent: str
    variable: str
    """Moves the folder; may name several, with commas between them."""
    below: str
    """What stands between the folder that the variable names and the logs' own."""
    defaults: tuple[str, ...]
    """Where it is without the variable, in the home folder."""
    logs: tuple[str, ...]
    """The folders of logs within it; of `*` every one."""


PLACES: Final = (
    Place("claude-code", "CLAUDE_CONFIG_DIR", "", (".claude", ".config/claude"), ("projects",)),
    Place("codex", "CODEX_HOME", "", (".codex",), ("sessions", "archived_sessions")),
    Place("gemini-cli", "GEMINI_CLI_HOME", ".gemini", (".gemini",), ("tmp/*/chats",)),
    Place(
        "openclaw",
        "OPENCLAW_STATE_DIR",
        "",
        (".openclaw", ".clawdbot"),
        ("agents/*/sessions", "agents/*/agent"),
    ),
    Place(
        "opencode",
        "XDG_DATA_HOME",
        "opencode",
        (".local/share/opencode",),
        ("opencode*.db", "storage/message"),
    ),
)
AGENTS: Final = tuple(place.agent for place in PLACES)


def usual_paths(environment: Mapping[str, str], home: Path) -> list[tuple[str, Path]]:
    """The files and folders with logs that are there, with their agent."""
    return [
        (place.agent, found)
        for place in PLACES
        for folder in _folders(place, environment, home)
        for pattern in place.logs
        for found in sorted(folder.glob(pattern))
    ]


def _folders(place: Place, environment: Mapping[str, str], home: Path) -> list[Path]:
    named = environment.get(place.variable, "")
    if named.strip():
        return [Path(each.strip()).expanduser() / place.below for each in named.split(",") if each.strip()]
    return [home / default for default in place.defaults]


def files_below(path: Path, trouble: Trouble) -> Iterator[Path]:
    """The files at *path* and below, and folders that are one log; each once, however links run."""
    seen: set[tuple[int, int]] = set()
    yield from _files(path, trouble, seen)


def _files(path: Path, trouble: Trouble, seen: set[tuple[int, int]]) -> Iterator[Path]:
    try:
        status = path.stat()
        if (status.st_dev, status.st_ino) in seen:
            return
        seen.add((status.st_dev, status.st_ino))
        if not path.is_dir():
            if path.is_file():
                yield path
            return
        if path.name.startswith("ses_") and path.parent.name == "message":
            yield path
            return
        entries = sorted(os.listdir(path))
    except OSError as error:
        trouble(path, f"it cannot be read ({error.strerror})")
        return
    for entry in entries:
        yield from _files(path / entry, trouble, seen)
