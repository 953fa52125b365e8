"""What does a session log say of a model call? The one shape that every agent's log is read into."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from otel_burn.exchange import Response
from otel_burn_collector.session_logs.contexts import Node


class Problem(NamedTuple):
    """What in a file could not be read, and where."""

    line: int
    """Of a database, the row; 0 for the file as a whole."""
    reason: str
    passing: bool = False
    """Whether it is in the nature of the thing, as a line that is still being written."""


Report = Callable[[Problem], None]


@dataclass(slots=True, kw_only=True)
class Session:
    """A conversation as its log tells of it."""

    agent: str
    """The agent's own name: claude-code, codex, gemini-cli, openclaw, opencode."""
    id: str = ""
    chain: str | None = None
    """The agent within it, where that is not the main one: each has a log of its own."""
    version: str = ""
    began_ns: int = 0
    """When it began itself: the session that began first is the one that a replayed response belongs to."""
    project: str | None = None
    agent_name: str | None = None
    parent_id: str | None = None
    """The session that it was forked from, or that started it."""

    @property
    def key(self) -> tuple[str, str | None]:
        """What tells it from others of its agent."""
        return self.id, self.chain


@dataclass(slots=True, kw_only=True)
class LoggedCall:
    """One model response."""

    session: Session
    key: str
    """What names the response in every copy of the log, and no other: compatible servers reuse response ids."""
    started_ns: int
    ended_ns: int
    provider: str | None
    response: Response
    """Its usage is None where the log has none, or none that can be believed."""
    request_model: str | None = None
    request_id: str | None = None
    agent: str | None = None
    """What the agent is called that asked, where it has a name within the program."""
    reported_usd: float | None = None
    rows: int = 1
    """Of several tellings of a response, the one with the most rows knows the most."""
    context: Node | None = None
    line: int = 0
    """Where in the file it stands; of a database, the row."""
    end: int = 0
    """Where in the file its last row ends."""
