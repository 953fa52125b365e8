"""When was a call, and what did it use? What cannot be believed is reported with its line, and left out."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from otel_burn_collector.session_logs.calls import Problem, Report
from otel_burn_collector.session_logs.fields import (
    BadFieldError,
    as_dict,
    checked_counts,
    checked_object,
    nanoseconds,
    shown,
)

_NO_PARTS: Final[Mapping[str, Iterable[str]]] = {}


def moment(value: Any, line: int, report: Report) -> int | None:
    """The moment that *value* is; without one there is no call."""
    try:
        return nanoseconds(value)
    except BadFieldError as error:
        report(Problem(line, f"{error}, so its call is left out"))
        return None


def believed_counts(
    said: Any,
    names: Iterable[str],
    line: int,
    report: Report,
    parts: Mapping[str, Iterable[str]] = _NO_PARTS,
    name: str = "usage",
) -> Mapping[str, Any]:
    """What *said* counts, where each of *names* in it can be a number of tokens; else nothing, as a part would mislead.

    *parts* are objects within it, by name with the counts that they have: of these only the bad one is left out.
    """
    try:
        counts = checked_object(name, said)
        checked_counts(counts, names)
    except BadFieldError as error:
        report(Problem(line, f"{error}: its tokens are left out"))
        return {}
    for part, of_part in parts.items():
        try:
            checked_counts(checked_object(part, counts.get(part)), of_part)
        except BadFieldError as error:
            report(Problem(line, f"{error}: left out"))
            counts = {name: value for name, value in counts.items() if name != part}
    return counts


def report_uncounted(kind: Any, usage: Any, line: int, report: Report) -> None:
    """Report a row of a *kind* that nobody knows, and that tells a *usage*: another version may have written it."""
    if any(isinstance(count, int) and count > 0 for count in as_dict(usage).values()):
        report(
            Problem(line, f"it tells tokens, and its type is {shown(kind)}, which we do not know: left out")
        )


def without_id(line: int, report: Report) -> None:
    """Report an answer that nothing names: whether it is told elsewhere, too, nobody knows."""
    report(Problem(line, "it is an answer without an id, so its call is left out"))
