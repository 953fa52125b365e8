"""What does a price cost? One call, and a million of them by columns: CPU time.

python benchmarks/price.py [--calls 1000000]
"""

import argparse
import time
import timeit
from datetime import UTC, datetime

import numpy as np
import pyarrow as pa

from otel_burn.prices import price
from otel_burn.prices.aliases import NONE
from otel_burn.usage import Usage
from otel_burn_collector.ledger import pricing
from otel_burn_collector.ledger.pricing_columns import price_columns

MODELS = (
    ("anthropic", "claude-opus-5-5"),
    ("anthropic", "claude-haiku-5-5"),
    ("openai", "gpt-6.1-sol"),
    ("openai", "gpt-5"),
    ("gcp.gemini", "gemini-2.5-pro"),
    ("deepseek", "deepseek-flash"),
    ("x_ai", "grok-4.7"),
    ("aws.bedrock", "us.anthropic.claude-opus-5-5"),
)
TIERS = ("default", "batch", None)
BEGIN = int(datetime(2026, 10, 15, tzinfo=UTC).timestamp() * 1e6)
MONTH = 30 * 86_400 * 10**6


def scalar() -> float:
    """Microseconds of CPU for a call with five lines, its sum included."""
    usage = Usage(1000, 500, cache_read_tokens=200, cache_write_tokens=100, cache_write_1h_tokens=50)
    asked = {"provider": "anthropic", "model": "claude-opus-5-5", "host": "api.anthropic.com"}
    at = datetime(2026, 11, 15, 12, tzinfo=UTC)
    repeats = timeit.repeat(
        lambda: price(**asked, at=at, usage=usage, service_tier="standard").usd,  # type: ignore[arg-type]
        number=10_000,
        repeat=7,
        timer=time.process_time,
    )
    return min(repeats) / 10_000 * 1e6


def calls(count: int) -> pa.Table:
    """A month of calls of eight models in three tiers, with caches and long prompts."""
    pick = np.random.default_rng(1)
    model, tier = pick.integers(0, len(MODELS), count), pick.integers(0, len(TIERS), count)
    given = pick.integers(0, 300_000, count)
    text, number = pa.nulls(count, pa.string()), pa.nulls(count, pa.int64())
    return pa.table(
        {
            "call_id": pa.array(np.char.mod("%09d", np.arange(count))),
            "provider": pa.array([one[0] for one in MODELS]).take(pa.array(model)),
            "request_model": pa.array([one[1] for one in MODELS]).take(pa.array(model)),
            "response_model": text,
            "at_us": BEGIN + pick.integers(0, MONTH, count),
            "host": text,
            "service_tier": pa.array(TIERS).take(pa.array(tier)),
            "region": text,
            "status": pa.array(["ok"]).take(pa.array(np.zeros(count, np.int64))),
            "http_status": number,
            "reported_usd": pa.nulls(count, pa.decimal128(38, 12)),
            "failures": pa.nulls(count, pa.list_(pa.string())),
            "input_tokens": given,
            "output_tokens": pick.integers(0, 5000, count),
            "cache_read_tokens": (given * pick.random(count) * 0.8).astype(np.int64),
            **dict.fromkeys(("cache_write_tokens", "cache_write_5m_tokens", "cache_write_1h_tokens"), number),
            **dict.fromkeys(("reasoning_tokens", "audio_input_tokens", "audio_output_tokens"), number),
            "extras": text,
            "usage_status": pa.array(["exact"]).take(pa.array(np.zeros(count, np.int64))),
        }
    )


def measured(what: str, count: int, question: object, rounds: int = 3) -> None:
    """Print the least CPU and wall-clock time of *question*."""
    times = []
    for _ in range(rounds):
        cpu, wall = time.process_time(), time.perf_counter()
        question()  # type: ignore[operator]
        times.append((time.process_time() - cpu, time.perf_counter() - wall))
    least = min(times)
    said = f"{least[0]:.2f} s CPU, {least[1]:.2f} s wall clock (first: {times[0][0]:.2f} s CPU)"
    print(f"{what}: {said} for {count:,} calls")


def main() -> None:
    """All of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=1_000_000)
    count = parser.parse_args().calls
    print(f"one call: {scalar():.1f} µs CPU")
    table = calls(count)
    known = price_columns(table, NONE).known
    print(f"told by columns: {known.mean():.1%}")
    measured("amounts by columns", count, lambda: price_columns(table, NONE).usd)
    measured("bills with lines, as the ledger stores them", count, lambda: pricing.priced(table), rounds=2)


if __name__ == "__main__":
    main()
