"""When was a call, and what did it use? What cannot be believed is reported with its line, and left out."""

from collections.abc import Iterable, Mapping
from typing import Any

from otel_burn_collector.session_logs.calls import Problem, Report
from otel_burn_collector.session_logs.fields import BadFieldError, checked_counts, nanoseconds


def moment(value: Any, line: int, report: Report) -> int | None:
    """The moment that *value* is; without one there is no call."""
    try:
        return nanoseconds(value)
    except BadFieldError as error:
        report(Problem(line, f"{error}, so its call is left out"))
        return None


def believed_counts(
    said: Mapping[str, Any], names: Iterable[str], line: int, report: Report
) -> Mapping[str, Any]:
    """*said* where each of *names* in it can be a number of tokens; else nothing, as a part of it would mislead."""
    try:
        checked_counts(said, names)
    except BadFieldError as error:
        report(Problem(line, f"{error}: its tokens are left out"))
        return {}
    return said
