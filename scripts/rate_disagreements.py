"""Where do the two sources disagree? A report in Markdown, written with each refresh of the rates."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

import rate_genai
import rate_litellm
from rate_amending import Lists, current
from rate_filling import find
from rate_steps import Rate, steps

UNITS = ("input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens", "cache_write_1h_tokens")
MILLION = 10**6


def report(lists: Lists, as_of: str) -> str:
    """The text of docs/rate-disagreements.md."""
    found, agreed, absent = _compared(lists, as_of)
    head = rate_litellm.head()
    rows = [f"| {' | '.join(one)} |" for one in sorted(set(found))]
    return "\n".join(
        [
            "# Where the sources of our rates disagree",
            "",
            f"Written by `python scripts/build_rates.py`. Standard rates of {as_of}, dollars per million tokens.",
            "The first source is what we go by, unless `scripts/rate_overlay.json` says otherwise.",
            "",
            f"* first: {rate_genai.NAME}",
            f"* second: {head['from']} (price file, SHA-256 `{head['sha256']}`)",
            f"* models that both list, on the lists of the same seller: {agreed + len({one[:2] for one in found})}; "
            f"equal in every unit that both have: {agreed}; only the second lists: {absent}",
            "",
            "| seller | model | unit | first | second |",
            "|---|---|---|---|---|",
            *rows,
            "",
        ]
    )


def _compared(lists: Lists, as_of: str) -> tuple[list[tuple[str, ...]], int, int]:
    by_name = {provider["provider"]: models for provider, models in lists}
    found, agreed, absent = [], 0, 0
    for seller, name, zone, tiers, _ in rate_litellm.entries():
        if zone is not None or not tiers[""]:
            continue
        model = find(by_name.get(seller, []), name)
        if model is None:
            absent += 1
            continue
        different = list(_different(current(model, as_of), tiers[""]))
        agreed += not different
        found += [(seller, name, *one) for one in different]
    return found, agreed, absent


def _different(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    for unit in UNITS:
        if unit in ours and unit in theirs and ours[unit] != theirs[unit]:
            yield unit, _shown(ours[unit]), _shown(theirs[unit])


def _shown(rate: Rate) -> str:
    def dollars(usd: Any) -> str:
        return f"{Decimal(usd.numerator) / Decimal(usd.denominator) * MILLION:.10f}".rstrip("0").rstrip(".")

    return "; ".join(
        dollars(usd) if over < 0 else f"{dollars(usd)} over {over:,}" for over, usd in steps(rate)
    )
