"""What do the careless agents ask, and what are they answered? What they, the test and the pages agree on."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from otel_burn.demo.scripts import Step


@dataclass(frozen=True)
class Turn:
    """What the user says, what the model answers, and what of it the agent keeps."""

    answer: Step
    user: str = ""
    kept: bool = True
    forgets: bool = False
    """Before it the agent replaces the conversation by a summary."""


@dataclass(frozen=True)
class Agent:
    """Wastes tokens in one way, as the detector of that name should see."""

    wastes: str
    models: Mapping[str, str]
    """With which model of which vendor."""
    sessions: tuple[tuple[Turn, ...], ...]
    limit: int | None = None
    """Tokens that an answer may have."""
    retries: int = 0
    """How often the SDK retries."""
    pause: float | None = None
    """Seconds between the tries of the agent's own loop."""


FILES: Final = {
    f"notes/{month}.md": f"{month}: the order was booked twice, and nobody saw it. " * 400
    for month in ("may", "june", "july", "august", "september")
}
LOG: Final = "logs/orders.log"
CONTENT: Final = {**FILES, LOG: "09:12 order 4711 booked; 09:12 order 4711 booked again; " * 3_000}
LEARNED: Final = "Summary: orders were booked twice in some months."
READS: Final = tuple(Turn(Step(f"I need {path}.", (("read_file", {"path": path}),))) for path in FILES)
HELP: Final = "Which months had orders that were booked twice?"
ASKED: Final = replace(READS[0], user=HELP)
READ_LOG: Final = Turn(Step("I need the log.", (("read_file", {"path": LOG}),)), HELP)
COMPACTIONS: Final = 3
PASTED: Final = "The rules of booking: book once, then tell. " * 250
PASTES: Final = 6
CARRIED: Final = 7
AGAIN: Final = "I will now bring the configuration up to date and then report what I changed."
SAID: Final = 6
SORTED: Final = 60
TICKET: Final = "A customer writes that the parcel came late. " * 30
OUTLIER: Final = 40_000
THOUGHT: Final = 9_000
LIMIT: Final = 4_000
WINDOWS: Final = (150_000, 205_000, 215_000, 320_000)
STORM: Final = 9
STORMS: Final = (
    ("anthropic", "claude-sonnet-4-5", 529, None, 0.03, 0),
    ("google", "gemini-2.5-flash", 503, None, 0.03, 0),
    ("openai", "gpt-5", 429, 0.02, None, STORM),
)
"""Vendor, model, status, the pause that a refusal tells; the pause of the agent's own loop, or the SDK's retries."""
LONG: Final = "And the next paragraph of the report says much the same as the one before it did. " * 400
SHORT: Final = Turn(Step("A quiet day: nothing to report."), "Sum up the day.")

AGENTS: Final = (
    Agent(
        "anomalies",
        {"anthropic": "claude-opus-4-1"},
        sessions=(
            *((SHORT,),) * 20,
            (replace(SHORT, answer=Step("A day like no other.", more_output=OUTLIER)),),
        ),
    ),
    Agent(
        "compaction_churn",
        {"openai": "gpt-5"},
        sessions=((ASKED, *READS[1:], *(replace(READS[0], forgets=True), *READS[1:]) * COMPACTIONS),),
    ),
    Agent(
        "duplicate_blocks",
        {"anthropic": "claude-sonnet-4-5"},
        sessions=(tuple(Turn(Step(f"Noted, part {n}."), PASTED) for n in range(PASTES)),),
    ),
    Agent(
        "heavy_blocks",
        {"google": "gemini-2.5-pro", "anthropic": "claude-sonnet-4-5"},
        sessions=((READ_LOG, *(Turn(Step(f"Answer {n}."), f"Question {n}?") for n in range(CARRIED))),),
    ),
    Agent(
        "monologue",
        {"openai": "gpt-5", "google": "gemini-2.5-flash"},
        sessions=((Turn(Step(AGAIN), "Please go on."),) * SAID,),
    ),
    Agent(
        "oversized_model",
        {"anthropic": "claude-opus-4-5"},
        sessions=((Turn(Step("delivery"), TICKET, kept=False),) * SORTED,),
    ),
    Agent(
        "price_cliffs",
        {"anthropic": "claude-sonnet-4-5", "google": "gemini-2.5-pro"},
        sessions=(
            tuple(
                Turn(Step(f"Chapter {n}.", more_input=more), f"Go on with {n}.")
                for n, more in enumerate(WINDOWS)
            ),
        ),
    ),
    Agent(
        "reasoning",
        {"openai": "gpt-5", "google": "gemini-2.5-flash"},
        limit=10_000,
        sessions=(
            (
                *(Turn(Step("Yes.", reasoning=THOUGHT), f"Is {n} even?") for n in (2, 4, 6)),
                *(Turn(Step("No.", reasoning=20_000), f"Is {n} odd?", kept=False) for n in (8, 10)),
            ),
        ),
    ),
    *(
        Agent(
            "retry_storms",
            {vendor: model},
            pause=pause,
            retries=retries,
            sessions=(
                (
                    Turn(
                        Step("Here I am.", refusals=(status,) * STORM, retry_after=told),
                        "Are you there?",
                    ),
                ),
            ),
        )
        for vendor, model, status, told, pause, retries in STORMS
    ),
    Agent(
        "thrown_away",
        {"openai": "gpt-5", "anthropic": "claude-sonnet-4-5"},
        limit=LIMIT,
        sessions=((Turn(Step(LONG), "Write the whole report.", kept=False),) * 3,),
    ),
)
