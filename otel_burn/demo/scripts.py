"""Which tool does the scripted model call next, for which agent? Data; the agents know nothing of it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from otel_burn.demo.workspace import LOGS, WRITTEN


@dataclass(frozen=True)
class Step:
    """One answer: some words, the tools asked for, and how long the model thought."""

    text: str
    tools: tuple[tuple[str, Mapping[str, Any]], ...] = ()
    reasoning: int = 0
    refusals: tuple[int, ...] = ()
    """The statuses that the first attempts at it get."""
    retry_after: float | None = 0.25
    """The seconds that a refusal tells to wait, if it tells any."""
    more_input: int = 0
    """Tokens billed beside what was sent: as if the prompt were longer."""
    more_output: int = 0


@dataclass(frozen=True)
class Script:
    """The answers that one agent gets, one a turn; beyond the end, the last one again."""

    agent: str
    opening: str
    """How the agent's system prompt begins; thus the provider knows whom it talks to."""
    steps: tuple[Step, ...]

    def at(self, turn: int) -> Step:
        """The answer to the conversation that has *turn* answers already."""
        return self.steps[min(turn, len(self.steps) - 1)]


HEALTHY = Script(
    agent="healthy",
    opening="You write release notes",
    steps=(
        Step("I will look at what there is.", (("list_files", {"folder": "."}),), reasoning=64),
        Step("The changelog first.", (("read_file", {"path": "CHANGES.md"}),)),
        Step("Now the code that changed.", (("read_file", {"path": "orders.py"}),), reasoning=128),
        Step(
            "That is enough for the notes.",
            (
                (
                    "write_file",
                    {
                        "path": WRITTEN,
                        "text": "# 4.2\n\nOrders are booked once, even when a client retries.\n",
                    },
                ),
            ),
            reasoning=192,
        ),
        Step("The release notes of 4.2 are in RELEASE_NOTES.md: one fix, no breaking change."),
    ),
)

EXCUSES = (
    "The tests should pass now. Let me run them.",
    "Hm, let me run the tests once more to be sure.",
    "That may have been a glitch. Running the tests again.",
    "I see the error. Let me verify it by running the tests.",
    "Let me check whether the tests pass now.",
    "I will re-run the test suite.",
    "One more run should tell.",
    "Let me try the tests again.",
    "Running the tests again to confirm.",
    "Let me run the tests a last time.",
)
FAILING_LOOP = Script(
    agent="failing_loop",
    opening="You fix failing tests",
    steps=(
        Step("I will read the failing test first.", (("read_file", {"path": "test_orders.py"}),)),
        *(Step(words, (("run_tests", {"path": "test_orders.py"}),)) for words in EXCUSES),
        Step("I could not make the tests pass: the module `inventory` is still missing."),
    ),
)

READS = tuple(
    Step(f"I need {log}.", (("read_file", {"path": log}),), reasoning=64 * (1 + at % 3))
    for at, log in enumerate(LOGS)
)
CONTEXT_HOARDER = Script(
    agent="context_hoarder",
    opening="You answer questions about order logs",
    steps=(
        *READS[:4],
        replace(READS[4], refusals=(429,)),
        *READS[5:],
        Step("Order 1042 failed in each of the logs, always with a timeout of the payment gateway.", (), 512),
        Step("Warehouse 7 had the most failures: 31 in six days.", (), 448),
        Step("No, refunds were not affected.", (), 320),
        Step("Raise the gateway's timeout to 30 s and retry with an idempotency key.", (), 576),
    ),
)

HEARTBEAT = Script(
    agent="heartbeat",
    opening="You are Molt, an assistant that never sleeps",
    steps=(Step("HEARTBEAT_OK"),),
)

WARDROBE = Script(
    agent="wardrobe",
    opening="You tell people what to wear",
    steps=(
        Step("Let me look at the weather.", (("get_weather", {"city": "Oslo"}),), reasoning=64),
        Step("Take a rain coat and warm socks: it is 4 degrees and raining in Oslo.", reasoning=128),
    ),
)
"""The agent of `examples/`, in whichever SDK it is written."""

UNKNOWN = Script(
    agent="unknown",
    opening="",
    steps=(Step("I am scripted, and my script has no part for you.", reasoning=64),),
)

SCRIPTS = (HEALTHY, FAILING_LOOP, CONTEXT_HOARDER, HEARTBEAT, WARDROBE, UNKNOWN)


TOLD: Final = "x-scripted-answer"
"""A header in which a test or benchmark tells, as JSON, the `agent` that asks and the fields of the `Step` it gets."""


def script_for(system: str, told: str | None = None) -> Script:
    """The script of the agent whose system prompt this is, unless the request itself has *told* its answer."""
    if told is None:
        return next(script for script in SCRIPTS if system.startswith(script.opening))
    fields = json.loads(told)
    return Script(fields.pop("agent"), opening="", steps=(Step(**fields),))
