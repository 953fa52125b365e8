"""Are ids different wherever they are made?"""

import os
import random

from otel_burn.ids import random_id


def test_a_program_that_seeds_random() -> None:
    """Its seed has no part in our ids, nor do we draw from what it will draw."""
    state = random.getstate()
    try:
        random.seed(1)
        first, drawn = random_id(128), random.random()
        random.seed(1)
        assert (random_id(128) != first, random.random()) == (True, drawn)
    finally:
        random.setstate(state)


def test_a_fork_makes_ids_of_its_own() -> None:
    """What the child makes next is not what the parent makes next."""
    read, write = os.pipe()
    if not (child := os.fork()):
        os.write(write, random_id(64).to_bytes(8, "big"))
        os._exit(0)
    os.waitpid(child, 0)
    assert os.read(read, 8) != random_id(64).to_bytes(8, "big")
    os.close(read)
    os.close(write)
