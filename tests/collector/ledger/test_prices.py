"""Does a call in the ledger cost what its conditions say, and does it say why?"""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from otel_burn import names

ANTHROPIC = {"gen_ai.provider.name": "anthropic", "gen_ai.request.model": "claude-opus-5-5"}
USAGE = {
    "gen_ai.usage.input_tokens": 1000,
    "gen_ai.usage.output_tokens": 1000,
    "gen_ai.usage.cache_read.input_tokens": None,
}


def cost(world: Any, **attributes: Any) -> Any:
    """The one call that a span with these attributes makes."""
    world.load(world.chat(attributes=ANTHROPIC | USAGE | attributes))
    return world.call()


@pytest.mark.parametrize(
    ("attributes", "usd"),
    [
        ({}, "0.024"),
        ({names.SPEED: "fast", names.SERVICE_TIER: "standard"}, "0.048"),
        ({names.REGION: "us"}, "0.0264"),
        ({names.SERVICE_TIER: "batch"}, "0.012"),
        ({names.USAGE_UNITS["web_search_requests"]: 2}, "0.044"),
        (
            {
                names.USAGE_UNITS["compaction_input_tokens"]: 1000,
                names.USAGE_UNITS["compaction_output_tokens"]: 100,
            },
            "0.03",
        ),
        ({names.USAGE_UNITS["web_fetch_requests"]: 2}, "0.024"),
        ({names.COST_REPORTED_USD: 0.5}, "0.5"),
    ],
)
def test_the_conditions_of_the_answer_decide_the_price(
    world: Any, attributes: dict[str, Any], usd: str
) -> None:
    """Speed, region, tier, searches, compactions, and the provider's own word."""
    call = cost(world, **attributes)
    assert call["cost_usd"] == Decimal(usd)
    assert call["cost_status"] == ("reported" if names.COST_REPORTED_USD in attributes else "computed")


def test_images_are_billed_at_their_own_rate(world: Any) -> None:
    """What an image model drew costs more than words."""
    model = {"gen_ai.provider.name": "openai", "gen_ai.request.model": "gpt-image-1.5"}
    call = cost(world, **model, **{names.USAGE_IMAGE_OUTPUT_TOKENS: 1000})
    assert call["cost_usd"] == Decimal("0.037")


def test_a_call_says_why_it_has_no_price_or_an_uncertain_one(world: Any) -> None:
    """A reason in words; none where there is nothing to explain."""
    world.load(world.chat(attributes=ANTHROPIC | USAGE))
    world.load(world.chat(at=9, attributes=ANTHROPIC | USAGE | {"gen_ai.request.model": "mystery-9"}))
    world.load(world.chat(at=19, attributes=ANTHROPIC | USAGE | {"gen_ai.provider.name": "litellm"}))
    reasons = [(call["cost_status"], call["cost_reason"]) for call in world.calls()]
    assert reasons[0] == ("computed", None)
    assert reasons[1][0] == "unpriced"
    assert "mystery-9" in reasons[1][1]
    assert reasons[2] == ("estimated", "only the model's name tells who bills")


def test_each_line_names_its_rate_in_the_view_of_rates(world: Any) -> None:
    """The id is frozen with the call, and finds the dated price that it was made with."""
    lines = {line["rate_id"]: line for line in cost(world)["cost_lines"]}
    rates = world.rows("SELECT * FROM rates")
    found = {rate["id"]: rate for rate in rates if rate["id"] in lines}
    assert len(found) == len(lines) == 2
    for rate_id, line in lines.items():
        assert (found[rate_id]["unit"], found[rate_id]["usd"]) == (line["unit"], line["rate"])
        assert found[rate_id]["model"] == "claude-opus-5-5"
    assert json.loads(found[next(iter(found))]["conditions"]) == {}


def test_an_alias_of_the_user_prices_a_deployment(
    world: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And the ledger notices when the file changes; a wrong file costs nobody a call."""
    file = tmp_path / "aliases.toml"
    monkeypatch.setenv("OTEL_BURN_ALIASES", str(file))
    file.write_text('[models]\n"prod" = "gpt-5"\n')
    prod = USAGE | {"gen_ai.provider.name": "azure.ai.openai", "gen_ai.request.model": "prod"}
    world.load(world.chat(attributes=prod))
    file.write_text("no TOML at all")
    world.load(world.chat(at=9, attributes=prod))
    assert [call["cost_usd"] for call in world.calls()] == [Decimal("0.01125"), None]
