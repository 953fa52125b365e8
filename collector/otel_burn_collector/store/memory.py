"""How much memory may the store take beside DuckDB's own limit? What one value takes, DuckDB does not count."""

import resource
from contextlib import suppress

from otel_burn_collector.store.database import memory

BESIDE = 1 << 30
"""Bytes at least for Python, Arrow, and values at work; otherwise half of DuckDB's."""


def limit_memory() -> None:
    """Let an allocation beyond the limit fail: a query that asks for it gets an error, and the machine stays up.

    Only Linux enforces it. `SELECT len(range(1000000000))` allocates 8 GiB at once, whatever DuckDB's limit is.
    """
    most = memory() + max(BESIDE, memory() // 2)
    with suppress(OSError, ValueError):  # a lower limit has been set from outside: that one holds
        resource.setrlimit(resource.RLIMIT_DATA, (most, resource.getrlimit(resource.RLIMIT_DATA)[1]))
