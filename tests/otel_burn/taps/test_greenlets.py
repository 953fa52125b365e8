"""Are calls recorded where gevent patches the standard library after us, as under `otel-burn run`?"""

import queue
from collections.abc import Callable
from typing import Any

import pytest
from opentelemetry.sdk.trace import ReadableSpan

from otel_burn import instrumentation


class Patched(queue.Queue[Any]):
    """What stands in `queue` once it is patched."""


def test_a_queue_that_was_made_before(
    spans: Callable[[], list[ReadableSpan]], ask_nobody: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The queue is made anew: a greenlet that waited in the old one would hold up the whole program."""
    running = instrumentation.active()
    assert running is not None
    monkeypatch.setattr(queue, "SimpleQueue", Patched)
    ask_nobody()
    waiting: object = running._recorder._waiting
    assert isinstance(waiting, Patched)
    assert len(spans()) == 1
