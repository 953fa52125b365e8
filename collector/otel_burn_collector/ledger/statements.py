"""Where is the SQL of the ledger? In files beside this one, read once."""

from functools import cache
from importlib.resources import files


@cache
def statement(name: str) -> str:
    """The text of `sql/<name>.sql`."""
    return files("otel_burn_collector.ledger").joinpath(f"sql/{name}.sql").read_text(encoding="utf-8")


@cache
def manifest() -> tuple[str, ...]:
    """The names of the files that create tables and views, in their order."""
    text = files("otel_burn_collector.ledger").joinpath("sql/manifest").read_text(encoding="utf-8")
    lines = (line.strip() for line in text.splitlines())
    return tuple(line.removesuffix(".sql") for line in lines if line and not line.startswith("#"))
