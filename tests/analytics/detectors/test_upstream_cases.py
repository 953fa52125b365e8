"""What do we say of the runs that other projects test their loop detection with, and where do we differ on purpose?

Ported as data, with credit: OpenHands (tests/unit/test_is_stuck.py, MIT), gemini-cli
(packages/core/src/services/loopDetectionService.test.ts, Apache-2.0), Roo Code
(src/core/tools/__tests__/ToolRepetitionDetector.spec.ts, Apache-2.0), opencode (regression of #47759, MIT). Their cases
on chanting within a message are left out: we keep no words of messages. So are those on switches and limits of their
own. Where a case has no outcome, all its calls have the same one.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import polars as pl
import pytest

from otel_burn.manifest import tool_call
from otel_burn_analytics.detectors import cycles, failed_retries, loops
from otel_burn_analytics.steps import compared, steps

Frames = Callable[..., tuple[pl.LazyFrame, pl.LazyFrame]]

THREE = "a third equal answer is a loop here: people who label runs say so, and stopping earlier saves more"
CLASS = "the class of error is the outcome: a line number that moves is no progress"
OTHER = "another error is another outcome: something changed"
OUTCOME = "equal outcomes in a period of three, walked thrice; they wait for the fifth time"


class Case(NamedTuple):
    """A run of theirs: whether they call it a loop, and why we don't agree where we don't."""

    steps: Sequence[str]
    theirs: bool
    differs: str = ""


LS, BAD, CODE = "run cmd(ls) = nothing", "run cmd(invalid) ! {}", "run ipython(edit) ! SyntaxError"
CASES: dict[str, Case] = {
    "OpenHands: history too short": Case([LS], False),
    "OpenHands: four equal actions and observations": Case([LS] * 4, True),
    "OpenHands: three equal actions and observations": Case([LS] * 3, False, THREE),
    "OpenHands: two equal actions and observations": Case([LS] * 2, False),
    "OpenHands: equal action, other errors": Case(
        [BAD.format(f"{name}Error") for name in "ABCD"], True, OTHER
    ),
    "OpenHands: equal action, equal error": Case([BAD.format("ValueError")] * 4, True),
    "OpenHands: invalid syntax, four times": Case([CODE] * 4, True),
    "OpenHands: invalid syntax, in other lines": Case([CODE] * 4, False, CLASS),
    "OpenHands: invalid syntax, three times": Case([CODE] * 3, False, THREE),
    "OpenHands: action and observation alternate": Case([LS, "read file(a) = text"] * 3, True),
    "OpenHands: alternating, with one that is new": Case(
        [LS, "read file(a) = text", LS, "read file(b) = other", "run py(1) = 1", "read file(c) = third"],
        False,
    ),
    "OpenHands: equal actions, other observations": Case(
        [f"run cmd(ls) = file {n}" for n in range(4)], False
    ),
    "gemini-cli: four identical calls": Case(["unknown tool(value) = same"] * 4, False, THREE),
    "gemini-cli: five identical calls": Case(["unknown tool(value) = same"] * 5, True),
    "gemini-cli: three different calls in turn": Case(
        ["read tool(1) = a", "read tool(2) = b", "read another(1) = c"] * 3, False, OUTCOME
    ),
    "gemini-cli: a period of two, five times": Case(["read a(1) = a", "read b(1) = b"] * 5, True),
    "gemini-cli: a period of three, five times": Case(
        ["read a(1) = a", "read b(1) = b", "read c(1) = c"] * 5, True
    ),
    "Roo: the fourth identical call": Case(["unknown repeat() = same"] * 4, True),
    "Roo: three identical calls": Case(["unknown repeat() = same"] * 3, False, THREE),
    "Roo: different calls": Case(["unknown a() = x", "unknown b() = y", "unknown c() = z"], False),
    "Roo: another call in between": Case(
        ["read same() = x", "read different() = y", "read same() = x"], False
    ),
    "Roo: scrolling": Case([f"read scroll_down() = page {n}" for n in range(10)], False),
    "opencode: A, B, three times (#47759)": Case(["run a(1) ! TypeError", "read b(1) = b"] * 3, True),
    "opencode: three identical calls": Case(["read a(1) = a"] * 3, True),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_cases_of_others(tool_frames: Frames, case: Case) -> None:
    """We agree, or the case says why not."""
    tools, calls = tool_frames(*case.steps)
    made = compared(steps(tools, calls))
    finds = (loops.find_loops, cycles.find_cycles, failed_retries.find_failed_retries)
    ours = any("loop" in find(made, calls).collect()["tier"] for find in finds)
    assert (ours != case.theirs) == bool(case.differs)


def test_the_order_of_arguments_does_not_matter() -> None:
    """Roo: tools with the same parameters in another order are identical."""
    orders: list[dict[str, Any]] = [{"a": "1", "b": "2", "c": "3"}, {"c": "3", "a": "1", "b": "2"}]
    assert len({tool_call("1", "same-tool", order).args_hash for order in orders}) == 1
