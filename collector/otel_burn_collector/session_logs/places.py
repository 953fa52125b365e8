"""Where do agents keep their session logs? In their usual places, moved by the agents' own environment variables."""

import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final, NamedTuple

Trouble = Callable[[Path, str], None]


class Place(NamedTuple):
    """Where an agent may keep logs."""

    agent: str
    moves: Mapping[str, str]
    """The variables that move the folder (the first that is set does), and what stands between what they name and it.
    They may name several, with commas between them."""
    defaults: tuple[str, ...]
    """Where it is without them, in the home folder."""
    logs: tuple[str, ...]
    """The folders and files of logs within it."""
    database: str = ""
    """The variable that names a database, in the folder or anywhere."""


PLACES: Final = (
    Place("claude-code", {"CLAUDE_CONFIG_DIR": ""}, (".claude", ".config/claude"), ("projects",)),
    Place("codex", {"CODEX_HOME": ""}, (".codex",), ("sessions", "archived_sessions")),
    Place("gemini-cli", {"GEMINI_CLI_HOME": ".gemini"}, (".gemini",), ("tmp/*/chats",)),
    Place(
        "openclaw",
        {"OPENCLAW_STATE_DIR": "", "OPENCLAW_HOME": ".openclaw"},
        (".openclaw", ".openclaw-*", ".clawdbot"),  # the second: `--profile NAME`
        ("agents/*/sessions", "agents/*/agent"),
    ),
    Place(
        "opencode",
        {"XDG_DATA_HOME": "opencode"},
        (".local/share/opencode",),
        ("opencode*.db", "storage/message"),
        database="OPENCODE_DB",
    ),
)
AGENTS: Final = tuple(place.agent for place in PLACES)


def usual_paths(environment: Mapping[str, str], home: Path) -> list[tuple[str, Path]]:
    """The files and folders with logs that are there, with their agent."""
    return [
        (place.agent, found)
        for place in PLACES
        for folder in _folders(place, environment, home)
        for found in _logs(place, folder, environment)
    ]


def _folders(place: Place, environment: Mapping[str, str], home: Path) -> list[Path]:
    for variable, below in place.moves.items():
        if named := [each.strip() for each in environment.get(variable, "").split(",") if each.strip()]:
            return [Path(each).expanduser() / below for each in named]
    return [folder for default in place.defaults for folder in sorted(home.glob(default))]


def _logs(place: Place, folder: Path, environment: Mapping[str, str]) -> list[Path]:
    found = {path: None for pattern in place.logs for path in sorted(folder.glob(pattern))}
    named = environment.get(place.database, "").strip()
    if named and (folder / named).is_file():  # an absolute one is anywhere
        found[folder / named] = None
    return list(found)


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
