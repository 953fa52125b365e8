"""How does an answer leave the explorer as a file?"""

import io
import json
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import polars as pl
from polars import selectors


def csv(answer: pl.DataFrame) -> bytes:
    """*answer* as CSV; lists and structs are JSON, and bytes hexadecimal, as CSV has none of them."""
    nested = [name for name, dtype in answer.schema.items() if dtype.is_nested()]
    flat = answer.with_columns(
        pl.Series(name, [_json(value) for value in answer.get_column(name)], dtype=pl.String)
        for name in nested
    )
    return flat.with_columns(selectors.binary().bin.encode("hex")).write_csv().encode()


def parquet(answer: pl.DataFrame) -> bytes:
    """*answer* as Parquet, types and all."""
    buffer = io.BytesIO()
    answer.write_parquet(buffer)
    return buffer.getvalue()


def _json(value: Any) -> str | None:
    if value is None:
        return None
    return json.dumps(value.to_list() if isinstance(value, pl.Series) else value, default=_text)


def _text(value: Any) -> str:
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    if isinstance(value, (Decimal, timedelta)):
        return str(value)
    if isinstance(value, bytes):
        return value.hex()
    raise TypeError(f"a value of the type {type(value).__name__} has no JSON")
