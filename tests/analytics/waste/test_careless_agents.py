"""Is each row of the table of careless agents found, to the call and the token? Held to what the provider served."""

import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest

from otel_burn.demo.dialogue import canonical, tokens

sys.path.insert(0, str(Path(__file__).parents[3] / "benchmarks"))
import careless_amounts as amounts
import wasteful_amounts

Served = Sequence[dict[str, int]]
RATES: Final = {
    "claude-opus-4-1": (15e-6, 75e-6, 1.5e-6),
    "claude-opus-4-5": (5e-6, 25e-6, 0.5e-6),
    "claude-sonnet-4-5": (3e-6, 15e-6, 0.3e-6),
    "gpt-5": (1.25e-6, 10e-6, 0.125e-6),
    "gemini-2.5-flash": (0.3e-6, 2.5e-6, 0.03e-6),
    "gemini-2.5-pro": (1.25e-6, 10e-6, 0.125e-6),
}
"""Dollars a token: input, output, cache read; below 200,000 tokens."""
DEARER: Final = {"claude-sonnet-4-5": (3e-6, 7.5e-6), "gemini-2.5-pro": (1.25e-6, 5e-6)}
"""What a token of input and of output costs more above that."""
STEP: Final = 200_000
LOW: Final = 0.0


class Waste(NamedTuple):
    """What a finding must say: so many calls, so many tokens, and dollars from low to high."""

    calls: int
    tokens: float
    low: float
    high: float


def usd(model: str, one: dict[str, int]) -> float:
    """What a call costs below any step."""
    price, output, read = RATES[model]
    return one["uncached"] * price + one["cache_read"] * read + one["output"] * output


def cost(model: str, calls: Iterable[dict[str, int]]) -> float:
    """What *calls* cost."""
    return sum(usd(model, one) for one in calls)


def used(calls: Iterable[dict[str, int]]) -> int:
    """The tokens of *calls*."""
    return sum(one["input"] + one["output"] for one in calls)


def anomalies(model: str, served: Served) -> Waste:
    """All that the last session cost above the others, which are alike."""
    return Waste(1, used(served[-1:]), LOW, usd(model, served[-1]) - usd(model, served[0]))


def compaction_churn(model: str, served: Served) -> Waste:
    """Everything after the first reading; from the third compaction on somebody could have known."""
    again = served[len(amounts.FILES) :]
    return Waste(len(again), used(again), cost(model, again[-len(amounts.FILES) :]), cost(model, again))


def duplicate_blocks(model: str, served: Served) -> Waste:
    """Of the prompt of turn n, n copies."""
    one = tokens(canonical({"role": "user", "type": "text", "text": amounts.PASTED}))
    copies = one * sum(range(amounts.PASTES))
    return Waste(amounts.PASTES - 1, copies, copies * RATES[model][0], copies * RATES[model][0])


def heavy_blocks(model: str, served: Served) -> Waste:
    """The file, in every call after the one that it came with; three calls and 2,000 tokens granted."""
    size, (price, _, read) = served[1]["input"] - served[0]["input"], RATES[model]
    before = served[0]["input"] + served[0]["output"]
    cached = [min(max(one["cache_read"] - before, 0), size) for one in served[2:]]
    paid = [part * read + (size - part) * price for part in cached]
    return Waste(len(paid), len(paid) * size, sum(paid[3:]) * (1 - 2_000 / size), sum(paid))


def monologue(model: str, served: Served) -> Waste:
    """What was said again before the last prompt; a guard could have stopped it at the third time."""
    again = served[1:-1]
    return Waste(len(served) - 1, used(again), cost(model, again[1:]), cost(model, again))


def oversized_model(model: str, served: Served) -> Waste:
    """By the rules of thumb that the page tells."""
    return Waste(len(served), used(served), cost(model, served) / 3, cost(model, served) * 0.8)


def price_cliffs(model: str, served: Served) -> Waste:
    """What the prompts above the step cost more; those that trimming a quarter would have spared are sure."""
    more, of_output = DEARER[model]
    above = [one for one in served if one["input"] > STEP]
    extra = [one["input"] * more + one["output"] * of_output for one in above]
    low = sum(part for part, one in zip(extra, above, strict=True) if one["input"] <= STEP * 1.25)
    return Waste(len(above), sum(one["input"] for one in above), low, sum(extra))


def reasoning(model: str, served: Served) -> Waste:
    """The calls with nothing but thoughts, and of the others what lies above 1,000 tokens."""
    cut = [one for one in served if one["output"] == one["reasoning"]]
    long = sum(one["reasoning"] - 1_000 for one in served if one not in cut)
    low = cost(model, cut)
    return Waste(len(served), used(cut) + long, low, low + long * RATES[model][1])


def retry_storms(model: str, served: Served) -> Waste:
    """Nothing: refused requests are not billed."""
    return Waste(1, 0, LOW, LOW)


def thrown_away(model: str, served: Served) -> Waste:
    """Every answer; the last of them was not asked for again."""
    return Waste(len(served), used(served), cost(model, served[:-1]), cost(model, served))


TRUTH: Final[dict[str, Callable[[str, Served], Waste]]] = {
    made.__name__: made
    for made in (
        anomalies, compaction_churn, duplicate_blocks, heavy_blocks, monologue, oversized_model, price_cliffs,
        reasoning, retry_storms, thrown_away,
    )
}  # fmt: skip
ROWS: Final = [(one.wastes, vendor, model) for one in amounts.AGENTS for vendor, model in one.models.items()]


def only(found: Any, detector: str, agent: str) -> dict[str, Any]:
    """The one finding of *detector* about *agent*."""
    (row,) = [row for row in found.findings if (row["detector"], row["agent"]) == (detector, agent)]
    return row


@pytest.mark.parametrize(("wastes", "vendor", "model"), ROWS, ids=[f"{row[0]}-{row[1]}" for row in ROWS])
def test_a_careless_agent_is_found_to_the_token(found: Any, wastes: str, vendor: str, model: str) -> None:
    """Its calls, its tokens and its dollars, to two in a hundred; and by this detector it is the only one."""
    agent = f"{wastes}-{vendor}"
    row = only(found, wastes, agent)
    served = [one["tokens"] for one in found.served if one.get("agent") == agent and one["status"] == 200]
    truth = TRUTH[wastes](model, served)
    assert len(row["call_ids"]) == truth.calls
    assert row["wasted_tokens"] == pytest.approx(truth.tokens, rel=0.02)
    assert float(row["wasted_usd_low"]) == pytest.approx(truth.low, rel=0.02)
    assert float(row["wasted_usd_high"]) == pytest.approx(truth.high, rel=0.02)


@pytest.mark.parametrize("vendor", ["anthropic", "google", "openai"])
def test_a_storm_is_told_attempt_by_attempt(found: Any, vendor: str) -> None:
    """As many as the provider refused, whether the SDK retried or the agent's own loop."""
    agent = f"retry_storms-{vendor}"
    refused = [one["status"] for one in found.served if one.get("agent") == agent and one["status"] != 200]
    said = only(found, "retry_storms", agent)["evidence"]
    assert len(refused) == amounts.STORM
    assert said.startswith(f"{amounts.STORM} attempts failed one after the other ({refused[0]})")
    assert "the pauses did not grow" in said


def test_sub_agents_in_sessions_of_their_own_are_a_fan_out(found: Any) -> None:
    """A trace holds them together; three of four read the bootstrap again."""
    row = only(found, "fan_out_sessions", "fan_out_sessions-openai")
    shared = (wasteful_amounts.WORKERS - 1) * tokens(wasteful_amounts.BOOT)
    price, _, read = RATES["gpt-5"]
    assert len(row["call_ids"]) == wasteful_amounts.WORKERS
    assert row["wasted_tokens"] == pytest.approx(shared, rel=0.02)
    assert float(row["wasted_usd_high"]) == pytest.approx(shared * price, rel=0.02)
    assert float(row["wasted_usd_low"]) == pytest.approx(shared * (price - read), rel=0.02)


def test_two_detectors_never_speak_of_the_same_tokens(found: Any) -> None:
    """Thoughts that were cut off are no answers thrown away, and a call that writes to no cache has nothing unread."""
    for one, other in (("reasoning", "thrown_away"), ("cache_unused", "cache_unread")):
        first, second = (
            {call for row in found.findings if row["detector"] == name for call in row["call_ids"]}
            for name in (one, other)
        )
        assert first and second and not first & second


def test_careless_in_one_way_is_not_taken_for_another(found: Any) -> None:
    """Those of these detectors that speak of an agent, speak of the one made for them."""
    strangers = {
        (row["detector"], row["agent"])
        for row in found.findings
        if row["detector"] in {*TRUTH, "fan_out_sessions"} and not row["agent"].startswith(row["detector"])
    }
    assert strangers == {("heavy_blocks", "compaction_churn-openai")}
