"""Whose fault is an error: the record's, the disk's, or the database's?"""

import re

import duckdb

_INSTANCE = (
    duckdb.FatalException,
    duckdb.IOException,
    duckdb.InternalException,
    duckdb.OutOfMemoryException,
    MemoryError,
    duckdb.TransactionException,  # a commit on a full disk raises it
)
_DAMAGE = re.compile(r"not a valid DuckDB|[Cc]orrupt|checksum|Could not read|WAL")
_NO_DAMAGE = re.compile(
    r"No space left|Permission denied|Conflicting lock|newer version|can only read version"
)


def is_damage(error: BaseException | str) -> bool:
    """Whether DuckDB met bytes that it did not write."""
    if not isinstance(error, (str, duckdb.Error)):
        return False
    text = str(error)
    return bool(_DAMAGE.search(text)) and not _NO_DAMAGE.search(text)


def is_full(error: BaseException) -> bool:
    """Whether the disk had no room; the database itself is as it was before."""
    return (
        isinstance(error, (duckdb.Error, OSError))  # the latter from the staging folder
        and not isinstance(error, duckdb.FatalException)
        and "No space left" in str(error)
    )


def is_fatal(error: BaseException) -> bool:
    """Whether the database or its disk, not the record, is in doubt."""
    return isinstance(error, _INSTANCE) or is_damage(error) or is_full(error)
