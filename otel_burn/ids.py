"""Where do random ids come from? A generator of our own, that no program seeds and that no two processes share."""

import os
import random

_draw = random.Random()  # noqa: S311 - ids, not secrets


def random_id(bits: int) -> int:
    """A random number of *bits* bits, not zero.

    Not from the operating system each time: asking it lets go of the interpreter, and in a busy program a thread waits
    for milliseconds until it gets that back. Not from `random` itself, as OpenTelemetry's SDK does: a program that
    seeds it would make the same ids in each of its processes.
    """
    return _draw.getrandbits(bits) or 1


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_draw.seed)
