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


def test_the_build_script_writes_exactly_this_table() -> None:
    """Equal package, equal bytes."""
    genai_prices = pytest.importorskip("genai_prices", reason="the rates' source is only in the extra `dev`")
    if f"genai-prices-{genai_prices.__version__}" not in version.RATE_VERSION:
        pytest.skip(f"the table is {version.RATE_VERSION}, here is genai-prices {genai_prices.__version__}")
    assert build_rates().table(version.AS_OF) == RATES.read_bytes()


def test_the_flat_table_dates_and_explains_each_rate() -> None:
    """A price that changed has an end, a threshold and a service tier stand in the conditions."""
    cheaper = [rate for rate in rates() if (rate.provider, rate.model, rate.unit) == O3_INPUT]
    assert [(rate.usd, rate.valid_from, rate.valid_to) for rate in cheaper if not rate.conditions] == [
        (Decimal("0.00001"), None, "2025-06-10"),
        (Decimal("0.000002"), "2025-06-10", None),
    ]
    sonnet = [rate for rate in rates() if (rate.model, rate.unit) == ("claude-sonnet-4-5", "output_tokens")]
    assert (
        Rate(
            provider="anthropic",
            model="claude-sonnet-4-5",
            unit="output_tokens",
            conditions={"processing": "batch", "input_tokens_over": "200000"},
            usd=Decimal("0.00001125"),
            valid_from="2026-10-14",
            valid_to=None,
            source="https://www.anthropic.com/pricing#api",
        )
        in sonnet
    )


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
