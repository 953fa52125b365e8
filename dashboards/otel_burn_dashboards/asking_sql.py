"""What does the SQL page ask? A user's SELECT, ready questions, the schema beside the editor."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import polars as pl

from otel_burn_collector.questions import questions
from otel_burn_collector.reader import Ledger
from otel_burn_collector.stopping import Stopper
from otel_burn_dashboards.answers import readable
from otel_burn_dashboards.asking import ask
from otel_burn_dashboards.figures import plain

ROWS_SHOWN: Final = 20_000
"""Rows that are brought into the browser and its downloads; `otel-burn sql` has no such limit."""

_QUOTED: Final = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|--[^\n]*|/\*.*?\*/", re.DOTALL)
_PARAMETER: Final = re.compile(r"\$([A-Za-z_]\w*)")


@dataclass(frozen=True)
class Answer:
    """The rows of a SELECT, and whether there are more than these."""

    rows: pl.DataFrame
    more: bool


FIRST: Final = questions()["sessions"].title
"""The ready question that stands in the editor at first: it reads no calls, so ten million take no longer."""
VIEW: Final = "llm_calls"
"""The view that is described at first."""


def select(ledger: Ledger, *, sql: str, stopper: Stopper | None = None) -> Answer:
    """The answer to a user's own SELECT; parameters of ready questions are NULL."""
    params = dict.fromkeys(parameters(sql))
    answer = readable(ledger.query(sql, params, first=ROWS_SHOWN + 1, stopper=stopper))
    return Answer(answer.head(ROWS_SHOWN), answer.height > ROWS_SHOWN)


def parameters(sql: str) -> list[str]:
    """The parameters (`$name`) of a SELECT: outside of texts, quoted names and comments."""
    return list(dict.fromkeys(_PARAMETER.findall(_QUOTED.sub(" ", sql))))


def ready() -> Mapping[str, str]:
    """Ready questions: titles, and their SQL."""
    return {one.title: f"-- {one.about}\n{one.sql.strip()}" for one in questions().values()}


def seconds(ledger: Ledger) -> float:
    """How long a query may take."""
    return ledger.query_seconds()


def schema(ledger: Ledger) -> pl.DataFrame:
    """The views that can be asked, with their columns and what those mean."""
    return ask(ledger, "schema", {})


def listed(columns: pl.DataFrame) -> str:
    """The columns of a view in Markdown: a line each, with the type and what it means."""
    return "\n".join(
        f"- **{plain(row['name'])}** :gray[{plain(str(row['type']).lower())}]"
        + (f"  \n{plain(row['comment'])}" if row["comment"] else "")
        for row in columns.to_dicts()
    )


def by_view(schema: pl.DataFrame) -> list[tuple[str, str, pl.DataFrame]]:
    """Each view with what it is about and its columns."""
    parts = schema.partition_by("view", maintain_order=True)
    return [
        (part.item(0, "view"), part.item(0, "about") or "", part.select("name", "comment", "type"))
        for part in parts
    ]
