"""What does each provider charge? Rewrites otel_burn/prices/{rates.jsonl,version.py} and docs/rate-disagreements.md.

    python scripts/build_rates.py                                  # after upgrading the package `genai-prices`
    python scripts/build_rates.py --litellm litellm-1.109.1….whl   # and with the price file of another litellm

Three sources, in this order: `genai-prices` (dated lists), rate_overlay.json (ours, with where each was published),
litellm_prices.json (tiers, lifetimes, fees and models that the others lack). Nothing is looked up on the network and no
clock is read: equal sources, equal bytes. Commit what changed.
"""

import argparse
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import rate_amending
import rate_disagreements
import rate_filling
import rate_genai
import rate_litellm

from otel_burn.prices.version import AS_OF

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "otel_burn" / "prices"
REPORT = ROOT / "docs" / "rate-disagreements.md"


def lists(as_of: str) -> list[tuple[dict[str, Any], list[dict[str, Any]]]]:
    """Each provider's row and its models', from all sources."""
    found = rate_genai.lists()
    rate_amending.declare(found)
    rate_amending.correct(found)
    rate_filling.fill(found, as_of)
    rate_amending.extend(found, as_of)
    return found


def lines(as_of: str) -> Iterator[str]:
    """The table: a header, then each provider followed by its models, one JSON object a line."""
    yield json.dumps(
        {
            "generated": "by scripts/build_rates.py; do not edit, a test compares the digest",
            "from": f"{rate_genai.NAME}, {rate_litellm.head()['from']} (both MIT licence), scripts/rate_overlay.json",
            "as_of": as_of,
            "usd": "per one unit (token, request, …); tiers are [base, [more input tokens than, rate], …]",
        }
    )
    for provider, models in lists(as_of):
        yield json.dumps(provider, separators=(",", ":"))
        for model in models:
            yield json.dumps(model, separators=(",", ":"), ensure_ascii=False)


def table(as_of: str) -> bytes:
    """The text of rates.jsonl."""
    return ("\n".join(lines(as_of)) + "\n").encode()


def version_module(as_of: str, digest: str) -> str:
    """The text of version.py."""
    return f'''"""Which rate table is this? Written by scripts/build_rates.py; do not edit."""

AS_OF = "{as_of}"
"""The day on which the sources of the table were current."""
RATE_VERSION = "{as_of}/{digest[:8]}"
DIGEST = "{digest}"
"""SHA-256 of rates.jsonl."""
'''


def main() -> None:
    """Rewrite the table, its version and the report."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--as-of", default=AS_OF, metavar="DATE", help="when the sources were current")
    parser.add_argument("--litellm", type=Path, metavar="FILE", help="a wheel of litellm, or its price file")
    arguments = parser.parse_args()
    if arguments.litellm:
        rate_litellm.COMPACT.write_bytes(rate_litellm.compact(arguments.litellm, rate_litellm.former()))
    content = table(arguments.as_of)
    (FOLDER / "rates.jsonl").write_bytes(content)
    module = version_module(arguments.as_of, hashlib.sha256(content).hexdigest())
    (FOLDER / "version.py").write_text(module, encoding="utf-8")
    REPORT.write_text(rate_disagreements.report(rate_genai.lists(), arguments.as_of), encoding="utf-8")


if __name__ == "__main__":
    main()
