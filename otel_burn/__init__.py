"""What do LLM agents burn? Instrumentation at the wire.

import otel_burn

otel_burn.instrument()

with otel_burn.session("support-4711"), otel_burn.work("TICKET-12"):
    ...  # every LLM call in here is recorded, whichever client makes it
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from otel_burn.instrumentation import instrument, uninstrument
    from otel_burn.labels import agent, session, user, work

__all__ = ["instrument", "uninstrument", "session", "work", "agent", "user"]

_LABELS = ("session", "work", "agent", "user")


def __getattr__(name: str) -> Any:
    # On demand: every Python child of `otel-burn run` imports this package, and most need none of it.
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module  # noqa: PLC0415

    return getattr(
        import_module("otel_burn.labels" if name in _LABELS else "otel_burn.instrumentation"), name
    )
