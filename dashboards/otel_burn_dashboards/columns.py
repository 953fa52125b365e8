"""How does a column of a table read? Money, counts, times and links, the same in every table."""

from typing import Any, Final, Literal

import polars as pl
import streamlit as st

MONEY: Final = "$%.4f"
FINE_MONEY: Final = "$%.6f"
"""For shares of a call, most of which are small."""
ROWS_AT_ONCE: Final = 25
SCROLLED_HEIGHT: Final = 600
OPENED: Final = "opened"
BLOCK: Final = "block_opened"
"""Where Streamlit keeps which row was clicked: of the table that leads on, of the blocks."""

Config = dict[str, Any]


def height(table: pl.DataFrame) -> int | Literal["content"]:
    """As high as its rows, as long as one can see them all at once."""
    return "content" if table.height <= ROWS_AT_ONCE else SCROLLED_HEIGHT


def known_cost() -> pl.Expr:
    """Dollars of what has a price. Refused calls cost nothing, which is no price for those that were answered."""
    free = (pl.col("unpriced_calls") == 0) & pl.col("cost_usd").is_null()
    nothing = (pl.col("unpriced_calls") > 0) & (pl.col("cost_usd") == 0)
    return pl.when(free).then(0.0).when(~nothing).then(pl.col("cost_usd").cast(pl.Float64))


def cached() -> pl.Expr:
    """Percent, rounded down as everywhere, so that 100 % means all."""
    return (1000 * pl.col("cache_read_tokens")).floordiv(pl.col("input_tokens")) / 10


def opening(name: pl.Expr) -> pl.Expr:
    """*name* as what one clicks on."""
    return pl.lit(":material/chevron_right: ") + name


def without_zeros(table: pl.DataFrame, *rare: str) -> pl.DataFrame:
    """*table* without those of the *rare* columns that are 0 throughout: nobody needs to read them."""
    return table.drop(name for name in rare if not table.get_column(name).sum())


def without_unknown(table: pl.DataFrame, *names: str) -> pl.DataFrame:
    """*table* without those of the columns that nobody knows in any row."""
    return table.drop(
        name for name in names if name in table.columns and table[name].null_count() == table.height
    )


def link(label: str, *, width: int, key: str = OPENED, help: str | None = None) -> Any:
    """What one clicks on; the row is in the session state under *key*."""
    return st.column_config.ButtonColumn(
        label, type="tertiary", alignment="left", width=width, key=key, help=help
    )


def money(label: str, **options: Any) -> Any:
    """US dollars to a hundredth of a cent."""
    return st.column_config.NumberColumn(label, format=MONEY, **options)


def count(label: str, **options: Any) -> Any:
    """A whole number in full."""
    return st.column_config.NumberColumn(label, format="localized", **options)


def percent(label: str, **options: Any) -> Any:
    """A share."""
    return st.column_config.NumberColumn(label, format="%.1f %%", **options)


def time(label: str, *, seconds: bool = True) -> Any:
    """A moment on the reader's clock."""
    read, width = ("YYYY-MM-DD HH:mm:ss", 145) if seconds else ("YYYY-MM-DD HH:mm", 125)
    return st.column_config.DatetimeColumn(label, format=read, width=width)
