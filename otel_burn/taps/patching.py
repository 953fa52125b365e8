"""How is one method of a foreign class replaced, and put back?"""

import functools
from collections.abc import Callable
from typing import Any

from otel_burn.taps.observer import Observer


def patch(
    owner: Any, name: str, make: Callable[[Any, Observer], Any], observer: Observer
) -> Callable[[], None] | None:
    """Put what *make* makes of the method *name* of *owner* in its place, and return the way back.

    None where nothing was done: *owner* is no class that has it, or a tap that is active stands there already.
    """
    if not isinstance(owner, type) or not hasattr(owner, name):
        return None  # a user's own module of that name, or a test's stand-in
    original = getattr(owner, name)
    if getattr(getattr(original, "otel_burn_tap", None), "active", False):
        return None  # not so where somebody wrapped, and functools copied the mark of, a tap that is out
    patched: Any = functools.wraps(original)(make(original, observer))
    patched.otel_burn_tap = observer
    setattr(owner, name, patched)
    return functools.partial(_restore, owner, name, original, patched)


def _restore(owner: Any, name: str, original: Any, patched: Any) -> None:
    # Whoever wrapped us later keeps us underneath; an observer that is off then makes us a plain passage.
    if getattr(owner, name) is patched:
        setattr(owner, name, original)
