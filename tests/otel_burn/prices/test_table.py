"""Is the committed rate table what the build script writes, and does it read back flat?"""

import hashlib
import importlib.util
from decimal import Decimal
from pathlib import Path
from types import ModuleType

import pytest

from otel_burn.prices import Rate, rates, version

ROOT = Path(__file__).parents[3]
RATES = ROOT / "otel_burn" / "prices" / "rates.jsonl"


def test_nobody_edited_the_table_by_hand() -> None:
    """The digest was written together with the table; change the build script, not the data."""
    assert hashlib.sha256(RATES.read_bytes()).hexdigest() == version.DIGEST


def test_the_build_script_writes_exactly_this_table(monkeypatch: pytest.MonkeyPatch) -> None:
    """Equal sources, equal bytes; and the report of where the sources disagree is that of these sources."""
    genai_prices = pytest.importorskip("genai_prices", reason="the rates' source is only in the extra `dev`")
    first = RATES.read_text(encoding="utf-8").partition("\n")[0]
    if f"genai-prices {genai_prices.__version__}," not in first:
        pytest.skip(f"here is genai-prices {genai_prices.__version__}, the table is: {first}")
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    build = build_rates()
    assert build.table(version.AS_OF) == RATES.read_bytes()
    report = build.rate_disagreements.report(build.rate_genai.lists(), version.AS_OF)
    assert report == (ROOT / "docs" / "rate-disagreements.md").read_text(encoding="utf-8")


def test_the_flat_table_dates_and_explains_each_rate() -> None:
    """A price that changed has an end, a threshold and a service tier stand in the conditions."""
    cheaper = [rate for rate in rates() if (rate.provider, rate.model, rate.unit) == O3_INPUT]
    assert [(rate.usd, rate.valid_from, rate.valid_to) for rate in cheaper if not rate.conditions] == [
        (Decimal("0.00001"), None, "2025-06-10"),
        (Decimal("0.000002"), "2025-06-10", None),
    ]
    sonnet = [rate for rate in rates() if (rate.model, rate.unit) == ("claude-sonnet-4-5", "output_tokens")]
    found = [rate._replace(id="") for rate in sonnet]
    assert (
        Rate(
            id="",
            provider="anthropic",
            model="claude-sonnet-4-5",
            unit="output_tokens",
            conditions={"processing": "batch", "input_tokens_over": "200000"},
            usd=Decimal("0.00001125"),
            valid_from="2026-10-14",
            valid_to=None,
            source="https://www.anthropic.com/pricing#api",
        )
        in found
    )


def test_each_rate_has_an_id_of_its_own() -> None:
    """A rate that is frozen with a call can be found again."""
    ids = [rate.id for rate in rates()]
    assert len(set(ids)) == len(ids)


def test_what_a_region_adds_is_in_the_flat_table() -> None:
    """A factor on all tokens, with the region as its condition."""
    (claude,) = [rate for rate in rates() if rate.provider == "anthropic" and rate.unit == "*"]
    assert (claude.usd, claude.conditions) == (Decimal("1.1"), {"region": "us", "kind": "factor"})


O3_INPUT = ("openai", "o3", "input_tokens")


def test_no_rate_is_negative_or_undefined() -> None:
    """Every rate is a finite amount that somebody could pay."""
    assert [rate for rate in rates() if not (rate.usd.is_finite() and rate.usd >= 0)] == []


def build_rates() -> ModuleType:
    """The build script as a module."""
    spec = importlib.util.spec_from_file_location("build_rates", ROOT / "scripts" / "build_rates.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
