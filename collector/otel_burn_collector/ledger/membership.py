"""Which of an Arrow array's values are among some names?"""

from functools import cache

import pyarrow as pa
import pyarrow.compute as pc


def is_one_of(values: pa.Array, names: frozenset[str]) -> pa.Array:
    """A boolean for each of *values*; NULL is none of *names*."""
    return pc.is_in(values, _array(names))


@cache
def _array(names: frozenset[str]) -> pa.Array:
    # Not at import: with the first array that it makes of Python's values Arrow imports pandas, if it is installed.
    return pa.array(sorted(names), pa.string())
