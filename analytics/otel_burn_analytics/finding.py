"""What is a finding? The columns that every detector returns, and how a finding gets its identity."""

from collections.abc import Sequence
from typing import Protocol

import polars as pl
import xxhash

MONEY = pl.Decimal(38, 12)
"""US dollars, exact, as the ledger stores them."""

TIME = pl.Datetime("ns")

FINDINGS = pl.Schema(
    {
        "finding_id": pl.String(),
        "detector": pl.String(),
        "partition": pl.String(),
        "tier": pl.String(),  # loop, waste: act on it; warn: look at it
        "session_id": pl.String(),
        "trace_id": pl.String(),
        "agent": pl.String(),
        "work_id": pl.String(),
        "call_ids": pl.List(pl.String()),
        "span_ids": pl.List(pl.String()),
        "first_at": TIME,
        "last_at": TIME,
        "first_detectable_call_id": pl.String(),
        "wasted_tokens": pl.Int64(),
        "wasted_usd_low": MONEY,
        "wasted_usd_high": MONEY,
        "confidence": pl.Float64(),
        "evidence": pl.String(),
        "fix": pl.String(),
    }
)


class Words(Protocol):
    """What a detector says of what it found: a module of `evidence/` with these expressions over one row a finding."""

    def confidence(self) -> pl.Expr:
        """How sure a reader may be."""

    def evidence(self) -> pl.Expr:
        """What was found, in words and numbers."""

    def fix(self) -> pl.Expr:
        """What to change."""


def written(
    found: pl.LazyFrame,
    *,
    detector: str,
    tier: pl.Expr,
    of: Sequence[str],
    words: Words,
    partition: str = "session_id",
) -> pl.LazyFrame:
    """*found*, one row each, as findings; *of* are the columns that tell one from the others and never change."""
    return (
        found.with_columns(
            detector=pl.lit(detector),
            partition=pl.col(partition),
            tier=tier,
            finding_id=identity(detector, *of),
        )
        .with_columns(confidence=words.confidence())
        .with_columns(evidence=words.evidence(), fix=words.fix())
        .select(pl.col(name).cast(kind) for name, kind in FINDINGS.items())
        .sort("partition", "first_at", "finding_id")
    )


def identity(detector: str, *parts: str) -> pl.Expr:
    """The finding's id: a hash of the detector, its partition and the first stable call.

    `Expr.hash` may change with a release of Polars, and ids are stored, so xxh3 it is; it sees a row a finding.
    """
    separated = pl.concat_str(
        pl.lit(detector), *(pl.col(part).fill_null("") for part in parts), separator="\x1f"
    )
    return separated.map_batches(_hashed, return_dtype=pl.String(), is_elementwise=True)


def _hashed(texts: pl.Series) -> pl.Series:
    return pl.Series(
        texts.name, [xxhash.xxh3_64_hexdigest(text.encode()) for text in texts], dtype=pl.String()
    )
