"""What do LLM agents burn? Instrumentation at the wire.

import otel_burn

otel_burn.instrument()

with otel_burn.session("support-4711"), otel_burn.work("TICKET-12"):
    ...  # every LLM call in here is recorded, whichever client makes it
"""

from otel_burn.instrumentation import instrument, uninstrument
from otel_burn.labels import agent, session, user, work

__all__ = ["instrument", "uninstrument", "session", "work", "agent", "user"]
