"""Which large bodies can be kept? A process that is asked, and that may run out of memory or time in our place.

A body of 64 MiB can say 33 million empty messages: 2 GiB of memory and a minute of a core. In here, both have an end.
"""

import json
import resource
import struct
import sys
from contextlib import suppress
from typing import Any

from otel_burn_collector.journal.records import Encoding
from otel_burn_collector.otlp.checking import rejected_items
from otel_burn_collector.otlp.signals import BY_NAME

QUESTION = struct.Struct("<B16sQ")
"""Encoding, the signal's name, and how many bytes of body follow."""
MEMORY_BYTES = 1 << 30
KEPT_BYTES = 256 << 20
"""A process that holds more after an answer ends, and the next question starts another."""


def main() -> None:
    """Answer until nobody asks any more."""
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    with suppress(ValueError, OSError):  # not every system has this limit
        resource.setrlimit(resource.RLIMIT_AS, (_size() + MEMORY_BYTES, hard))
    asked = sys.stdin.buffer
    while head := asked.read(QUESTION.size):
        encoding, name, length = QUESTION.unpack(head)
        answer = _answer(name.rstrip(b"\0").decode(), asked.read(length), Encoding(encoding))
        answer["last"] = _size(resident=True) > KEPT_BYTES
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()
        if answer["last"]:
            return


def _answer(name: str, body: bytes, encoding: Encoding) -> dict[str, Any]:
    try:
        return {"rejected": rejected_items(BY_NAME[name], body, encoding)}
    except ValueError as error:
        return {"wrong": str(error)[:1000]}
    except MemoryError:
        return {"wrong": None}


def _size(*, resident: bool = False) -> int:
    """Bytes of this process's memory."""
    try:
        with open("/proc/self/statm") as statm:
            return int(statm.read().split()[resident]) * resource.getpagesize()
    except FileNotFoundError:  # macOS, which counts in bytes
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


if __name__ == "__main__":
    main()
