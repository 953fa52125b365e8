"""What did the user ask of the instrumentation? Read from the environment, once."""

import os
from dataclasses import dataclass, field
from typing import Final

from otel_burn import content, locations, names
from otel_burn.errors import BurnError

CAPTURE: Final = "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"
_LABELS: Final = {
    "session": names.CONVERSATION_ID,
    "work": names.WORK_ID,
    "agent": names.AGENT_NAME,
    "user": names.USER_ID,
}
_TRAVELLING: Final = "session,work,agent"
"""Not the user: an application may propagate its baggage to third parties."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How this process is instrumented."""

    endpoint: str = locations.DEFAULT_ENDPOINT
    """Base URL of the collector that our own spans go to."""
    run_id: str | None = None
    """The `otel-burn run` that this process belongs to."""
    providers: dict[str, str] = field(default_factory=dict)
    """`gen_ai.provider.name` by `host` or `host:port`, for gateways that we can't know."""
    include_usage: bool = True
    """Whether OpenAI-format streams are asked for their usage where the caller didn't."""
    capture_content: bool = False
    """Whether what was said is recorded."""
    baggage: frozenset[str] = frozenset()
    """The labels, by span attribute, that go along in the baggage which the application propagates."""


def disabled() -> bool:
    """Whether a kill switch is on (`OTEL_SDK_DISABLED`, `OTEL_BURN_DISABLED`)."""
    switches = (os.environ.get(name, "") for name in ("OTEL_SDK_DISABLED", "OTEL_BURN_DISABLED"))
    return any(value.strip().lower() in ("true", "1") for value in switches)


def from_environment() -> Settings:
    """The settings from `OTEL_BURN_ENDPOINT`, `OTEL_BURN_RUN_ID`, `OTEL_BURN_PROVIDERS` and `OTEL_BURN_BAGGAGE`."""
    return Settings(
        endpoint=locations.endpoint(),
        run_id=os.environ.get("OTEL_BURN_RUN_ID") or None,
        providers=_providers(os.environ.get("OTEL_BURN_PROVIDERS", "")),
        include_usage=os.environ.get("OTEL_BURN_INCLUDE_USAGE", "").strip().lower() not in ("false", "0"),
        capture_content=content.wanted(os.environ.get(CAPTURE, "")),
        baggage=_baggage(os.environ.get("OTEL_BURN_BAGGAGE", _TRAVELLING)),
    )


def _providers(text: str) -> dict[str, str]:
    found = {}
    for item in filter(None, (part.strip() for part in text.split(","))):
        host, equals, provider = item.partition("=")
        if not (host and equals and provider):
            raise BurnError(
                f"OTEL_BURN_PROVIDERS has {item!r}; each entry must read host=provider or host:port=provider, "
                "separated by commas, as in llm.example.com=openai"
            )
        # A base URL is what people have at hand.
        found[host.strip().rpartition("://")[2].partition("/")[0]] = provider.strip()
    return found


def _baggage(text: str) -> frozenset[str]:
    words = [word for word in (part.strip().lower() for part in text.split(",")) if word and word != "none"]
    for word in words:
        if word not in _LABELS:
            raise BurnError(
                f"OTEL_BURN_BAGGAGE has {word!r}; it takes {', '.join(_LABELS)}, separated by commas, or none"
            )
    return frozenset(_LABELS[word] for word in words)
