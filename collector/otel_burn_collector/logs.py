"""How does a collector log? A line an event, as text or as JSON; never what was sent, never a token."""

import json
import logging
import sys
from datetime import UTC, datetime

FORMATS = ("text", "json")
SUPERVISOR = "supervisor"
"""It speaks to whoever started it: a sentence, as every command of otel-burn does."""
LEVELS = ("debug", "info", "warning", "error")


def configure(process: str, form: str = "text", level: str = "info") -> None:
    """Log to standard error from now on, as *process*."""
    handler = logging.StreamHandler(sys.stderr)
    text = logging.Formatter(
        "otel-burn: %(message)s"
        if process == SUPERVISOR
        else f"%(asctime)s {process} %(levelname)s %(message)s"
    )
    handler.setFormatter(JsonLines(process) if form == "json" else text)
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)


class JsonLines(logging.Formatter):
    """One object a line: at, level, process, logger, message, and the traceback where there is one."""

    def __init__(self, process: str) -> None:
        super().__init__()
        self._process = process

    def format(self, record: logging.LogRecord) -> str:
        """The line of *record*."""
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "process": self._process,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)
