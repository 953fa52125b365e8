"""Which SQL does the report send? The files in `sql/`, with what a user asks about as parameters."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from typing import Any

from otel_burn_collector.reader import Ledger


@dataclass(frozen=True)
class Scope:
    """What a report is about: everything, or the calls of one run or since a moment."""

    run: str | None = None
    since: datetime | None = None

    @property
    def params(self) -> dict[str, object]:
        """The parameters `run` and `since` of the queries; the ledger's times are UTC without a zone."""
        since = self.since.astimezone(UTC).replace(tzinfo=None) if self.since else None
        return {"run": self.run, "since": since}


@cache
def sql(name: str) -> str:
    """The text of `sql/<name>.sql`."""
    return files("otel_burn_analytics").joinpath("sql", f"{name}.sql").read_text(encoding="utf-8")


def rows(ledger: Ledger, name: str, params: Mapping[str, object]) -> list[dict[str, Any]]:
    """The answer to the query *name*, a dict a row."""
    answer: list[dict[str, Any]] = ledger.query(sql(name), params).to_pylist()
    return answer
