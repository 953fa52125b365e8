"""What does a provider say was used and billed? Reads the usage and cost exports of OpenAI and Anthropic.

JSON as the administration APIs answer it (pages, one file or one a line), CSV as the consoles export it. Each becomes
rows of a day and a model; Anthropic's API counts money in cents.
"""

import csv
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, Final

from otel_burn.errors import BurnError

Row = Mapping[str, Any]
TOKENS: Final = (
    "input_tokens",
    "cache_read_tokens",
    "cache_write_tokens",
    "cache_write_1h_tokens",
    "output_tokens",
)
"""What is compared; the input includes the cache."""

DAYS: Final = ("usage_date_utc", "date", "start_time_iso", "starting_at", "start_time", "usage_date")
MODELS: Final = ("model", "model_version", "snapshot_id", "line_item", "description")
READS: Final = (
    "input_cached_tokens", "cache_read_input_tokens", "usage_input_tokens_cache_read", "cached_input_tokens",
)  # fmt: skip
WRITES_5M: Final = (
    "cache_creation.ephemeral_5m_input_tokens", "usage_input_tokens_cache_write_5m", "input_cache_write_tokens",
)  # fmt: skip
WRITES_1H: Final = ("cache_creation.ephemeral_1h_input_tokens", "usage_input_tokens_cache_write_1h")
UNCACHED: Final = ("uncached_input_tokens", "usage_input_tokens_no_cache")
"""Input that leaves the cache out; OpenAI's `input_tokens` includes it."""
OUTPUTS: Final = ("output_tokens", "usage_output_tokens", "n_generated_tokens_total")
INPUTS: Final = ("input_tokens", "n_context_tokens_total")
REQUESTS: Final = ("num_model_requests", "num_requests", "n_requests")
AMOUNTS: Final = ("amount.value", "amount_value", "cost_usd", "cost")


@dataclass
class Used:
    """What a provider says of a model on a day; None where its export doesn't tell."""

    usd: Decimal | None = None
    requests: int | None = None
    tokens: dict[str, int] = field(default_factory=dict)

    def add(self, other: "Used") -> None:
        """Add what another row says of the same."""
        if other.usd is not None:
            self.usd = (self.usd or Decimal(0)) + other.usd
        if other.requests is not None:
            self.requests = (self.requests or 0) + other.requests
        for name, count in other.tokens.items():
            self.tokens[name] = self.tokens.get(name, 0) + count


@dataclass(frozen=True)
class Export:
    """An export: whose, and what was used by day and model."""

    provider: str
    used: Mapping[tuple[date, str], Used]
    problems: tuple[str, ...]
    """Rows that could not be read, with their number."""


def read_export(path: Path, provider: str | None) -> Export:
    """What the export in *path* says; `BurnError` when it is none that we know."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise BurnError(f"{path} cannot be read: {error}.") from error
    rows = list(
        _json_rows(text, path) if text.lstrip().startswith(("{", "[")) else csv.DictReader(io.StringIO(text))
    )
    whose = provider or _whose(rows)
    if whose is None:
        columns = ", ".join(sorted({key for row in rows[:20] for key in row}))[:300]
        raise BurnError(
            f"{path} is no usage or cost export of OpenAI or Anthropic that is known here (it has: "
            f"{columns or 'nothing'}). Take it from their administration API or console, or name it: --provider."
        )
    used: dict[tuple[date, str], Used] = {}
    problems = []
    for number, row in enumerate(rows, 1):
        try:
            day, model, said = _read(row, whose)
        except ValueError as error:
            problems.append(f"row {number}: {error}")
            continue
        used.setdefault((day, model), Used()).add(said)
    return Export(whose, used, tuple(problems))


def _json_rows(text: str, path: Path) -> Iterator[dict[str, Any]]:
    try:
        pages = [json.loads(text, parse_float=Decimal)]
    except ValueError:
        try:
            pages = [json.loads(line, parse_float=Decimal) for line in text.splitlines() if line.strip()]
        except ValueError as error:
            raise BurnError(f"{path} is no JSON: {error}.") from error
    for page in pages:
        for bucket in page if isinstance(page, list) else page.get("data", [page]):
            times = {key: bucket[key] for key in ("start_time", "starting_at") if key in bucket}
            for result in bucket.get("results", bucket.get("result", [bucket])):
                yield {**times, **_flat(result)}


def _flat(result: Mapping[str, Any]) -> dict[str, Any]:
    found = dict(result)
    for key, value in result.items():
        if isinstance(value, dict):
            found |= {f"{key}.{name}": inner for name, inner in value.items()}
    return found


def _whose(rows: list[dict[str, Any]]) -> str | None:
    keys = {key for row in rows[:200] for key in row}
    if keys & {"num_model_requests", "amount.value", "amount_value", "n_context_tokens_total", "line_item"}:
        return "openai"
    if keys & {"usage_date_utc", "uncached_input_tokens", "starting_at", "usage_input_tokens_no_cache"}:
        return "anthropic"
    return None


def _read(row: Row, whose: str) -> tuple[date, str, Used]:
    said = Used(_amount(row, whose), _count(row, REQUESTS))
    read, hour, short = (_count(row, names) for names in (READS, WRITES_1H, WRITES_5M))
    written, uncached, given = _count(row, OUTPUTS), _count(row, UNCACHED), _count(row, INPUTS)
    if uncached is not None:
        given = uncached + (read or 0) + (hour or 0) + (short or 0)
    if given is not None or written is not None:
        write = None if hour is None and short is None else (hour or 0) + (short or 0)
        counts = dict(zip(TOKENS, (given, read, write, hour, written), strict=True))
        said.tokens = {name: count for name, count in counts.items() if count is not None}
    return _day(row), _model(row), said


def _day(row: Row) -> date:
    said = next((row[name] for name in DAYS if row.get(name) not in (None, "")), None)
    try:
        if isinstance(said, int) or (isinstance(said, str) and said.isdigit()):
            return datetime.fromtimestamp(int(said), UTC).date()
        return datetime.fromisoformat(str(said)).date()
    except (ValueError, OverflowError, OSError) as error:
        raise ValueError(f"it says no day that can be read, but {said!r}") from error


def _model(row: Row) -> str:
    said = next((str(row[name]) for name in MODELS if row.get(name)), "")
    return said.split(",")[0].strip()


def _count(row: Row, names: tuple[str, ...]) -> int | None:
    said = next((row[name] for name in names if row.get(name) not in (None, "")), None)
    if said is None:
        return None
    try:
        count = int(str(said).replace(",", ""))
    except ValueError:
        count = -1
    if count < 0:
        raise ValueError(f"{said!r} is no number of tokens")
    return count


def _amount(row: Row, whose: str) -> Decimal | None:
    """Dollars; what Anthropic's API calls `amount` is in cents."""
    cents = row.get("amount") if whose == "anthropic" and not isinstance(row.get("amount"), dict) else None
    said = (
        cents
        if cents is not None
        else next((row[name] for name in AMOUNTS if row.get(name) not in (None, "")), None)
    )
    if said is None or isinstance(said, dict):
        return None
    try:
        return Decimal(str(said)) / (100 if cents is not None else 1)
    except InvalidOperation as error:
        raise ValueError(f"{said!r} is no amount of money") from error
