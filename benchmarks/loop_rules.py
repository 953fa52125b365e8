"""Which rules do others use to find loops? Re-implemented from their published sources, over the same steps.

Read for facts, written anew: OpenHands' agent SDK (stuck_detector.py at 611629e), gemini-cli
(loopDetectionService.ts at 5411f11, its deterministic part for tool calls), opencode (the documented `doom_loop`: three
identical calls). Each takes the steps of a run in order and returns those that it is about; none means no loop.
`length_only` fires on long runs: whatever does not beat it has learned nothing but length.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Step:
    """A step as these rules see it: with every word."""

    tool: str
    args: str
    outcome: str
    failed: bool
    thought: str = ""

    @property
    def call(self) -> tuple[str, str]:
        """The tool and its arguments, keys sorted."""
        try:
            return self.tool, json.dumps(json.loads(self.args), sort_keys=True)
        except ValueError:
            return self.tool, self.args


Rule = Callable[[Sequence[Step]], set[int]]


def openhands(steps: Sequence[Step]) -> set[int]:
    """Four equal pairs of action and observation, three equal actions that fail, or six that alternate; within 20.

    The SDK also compares the thought; as models word it anew each time, no rule would ever fire, so it is left out.
    """
    pairs = [(*step.call, step.outcome) for step in steps]
    for end in range(1, len(steps) + 1):
        recent = range(max(0, end - 20), end)
        last = list(recent)[-6:]
        if len(last) >= 4 and len({pairs[at] for at in last[-4:]}) == 1:
            return set(last[-4:])
        if (
            len(last) >= 3
            and all(steps[at].failed for at in last[-3:])
            and len({steps[at].call for at in last[-3:]}) == 1
        ):
            return set(last[-3:])
        if (
            len(last) == 6
            and pairs[last[0]] != pairs[last[1]]
            and all(pairs[at] == pairs[at + 2] for at in last[:4])
        ):
            return set(last)
    return set()


def gemini_cli(steps: Sequence[Step]) -> set[int]:
    """A cycle of one to five calls, five times in a row; what came back is not looked at."""
    calls = [step.call for step in steps]
    for end in range(1, len(calls) + 1):
        for period in range(1, 6):
            window = calls[max(0, end - 5 * period) : end]
            if len(window) == 5 * period and all(
                window[at] == window[at - period] for at in range(period, len(window))
            ):
                return set(range(end - 5 * period, end))
    return set()


def opencode(steps: Sequence[Step]) -> set[int]:
    """Three identical calls in a row; what came back is not looked at."""
    for end in range(3, len(steps) + 1):
        if len({step.call for step in steps[end - 3 : end]}) == 1:
            return set(range(end - 3, end))
    return set()


def length_only(limit: int) -> Rule:
    """Fires from so many steps on."""
    return lambda steps: set(range(len(steps))) if len(steps) >= limit else set()


RULES: Mapping[str, Rule] = {"OpenHands": openhands, "gemini-cli": gemini_cli, "opencode": opencode}
