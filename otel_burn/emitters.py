"""Who else makes spans of the same LLM calls, is it at work, and how is it switched off?"""

from __future__ import annotations

import functools
import os
import sys
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator


class Emitter(NamedTuple):
    """An instrumentation, or an SDK that traces itself."""

    name: str
    off: str
    """How its spans of LLM calls are switched off. `{entries}` stands for the names of its entry points."""
    packages: tuple[str, ...] = ()
    """Distributions that bring it, where it is not found by its entry points."""
    instrumentors: tuple[str, ...] = ()
    """Modules, or prefixes that end in a dot, of its OpenTelemetry instrumentors."""
    used: tuple[str, ...] = ()
    """Modules that are imported only where it is at work."""
    counts: bool = False
    """Whether its instrumentors record the metrics of the GenAI convention, as ours do."""


_BY_ENTRY_POINT: Final = (
    "set OTEL_PYTHON_DISABLED_INSTRUMENTATIONS={entries} for opentelemetry-instrument; in code, leave out its "
    "instrument()"
)
_OPENLLMETRY: Final = (
    "alephalpha", "anthropic", "bedrock", "cohere", "crewai", "google_generativeai", "groq", "haystack", "langchain",
    "llamaindex", "mistralai", "ollama", "openai", "openai_agents", "replicate", "sagemaker", "together",
    "transformers", "vertexai", "voyageai", "watsonx", "writer", "agno",
)  # fmt: skip

EMITTERS: Final = (
    Emitter(
        "OpenLLMetry",
        _BY_ENTRY_POINT + "; with Traceloop.init, pass block_instruments={{Instruments.OPENAI, …}}",
        packages=("traceloop-sdk",),
        instrumentors=tuple(f"opentelemetry.instrumentation.{library}" for library in _OPENLLMETRY),
        counts=True,
    ),
    Emitter("OpenInference", _BY_ENTRY_POINT, instrumentors=("openinference.instrumentation.",)),
    Emitter(
        "OpenTelemetry genai",
        _BY_ENTRY_POINT,
        instrumentors=(
            "opentelemetry.instrumentation.genai.",
            "opentelemetry.instrumentation.openai_v2",
            "opentelemetry.instrumentation.openai_agents_v2",
            "opentelemetry.instrumentation.google_genai",
        ),
        counts=True,
    ),
    Emitter(
        "OpenLIT",
        'pass disabled_instrumentors=["openai", "anthropic", …] to openlit.init()',
        packages=("openlit",),
        instrumentors=("openlit.instrumentation.",),
        counts=True,
    ),
    Emitter(
        "Logfire",
        "leave out logfire.instrument_openai(), instrument_anthropic() and the like",
        packages=("logfire", "logfire-sdk"),
        used=(
            "logfire._internal.integrations.llm_providers.openai",
            "logfire._internal.integrations.llm_providers.anthropic",
            "logfire._internal.integrations.google_genai",
            "logfire._internal.integrations.litellm",
        ),
    ),
    Emitter(
        "Langfuse",
        "import openai instead of langfuse.openai, and leave out langfuse's callback handlers",
        packages=("langfuse",),
        used=("langfuse.openai", "langfuse.langchain.CallbackHandler"),
    ),
)
"""Peers. Which of two instrumentors of one name an entry point means, its module tells."""


class Found(NamedTuple):
    """An emitter that is installed."""

    name: str
    packages: list[str]
    """Distributions with their versions."""
    off: str


def installed() -> list[Found]:
    """The peers that are installed, and SDKs that trace themselves; looks at this interpreter's packages."""
    from importlib.metadata import entry_points  # noqa: PLC0415 - not in a process that only writes its note

    entries = [entry for entry in entry_points(group="opentelemetry_instrumentor") if entry.dist is not None]
    found = []
    for emitter in EMITTERS:
        own = [entry for entry in entries if any(_is_of(entry.module, one) for one in emitter.instrumentors)]
        packages = {f"{entry.dist.name} {entry.dist.version}" for entry in own if entry.dist}
        packages.update(f"{name} {number}" for name in emitter.packages if (number := _version(name)))
        if packages:
            names = ",".join(sorted({entry.name for entry in own})) or "the names of its entry points"
            found.append(Found(emitter.name, sorted(packages), emitter.off.format(entries=names)))
    return [*found, *_sdks()]


def active_here() -> list[str]:
    """The emitters at work in this process, with what they instrument, such as `OpenInference (openai)`."""
    found: dict[str, set[str]] = {}
    for module in _instrumentors_at_work():
        for emitter in EMITTERS:
            for prefix in filter(functools.partial(_is_of, module), emitter.instrumentors):
                found.setdefault(emitter.name, set()).add(_library(module, prefix))
    for emitter in EMITTERS:
        for module in emitter.used:
            if module in sys.modules:
                found.setdefault(emitter.name, set()).add(module.rpartition(".")[2])
    lines = [f"{name} ({', '.join(sorted(libraries))})" for name, libraries in found.items()]
    return sorted([*lines, *_native_here()])


def counts_too(user_agent: str, path: str) -> bool:
    """Whether the metrics of a call at *path*, by the SDK that calls itself *user_agent*, are recorded by a peer.

    Both records would be summed up by whoever reads the metrics of this process.
    """
    said = user_agent.lower()
    sdk = next((names for agents, names in _AGENTS if said.startswith(agents)), ())
    for module in _instrumentors_at_work() if sdk else ():
        for emitter in EMITTERS:
            if emitter.counts and not (emitter.name == "OpenLLMetry" and path.endswith("/responses")):
                prefixes = filter(functools.partial(_is_of, module), emitter.instrumentors)
                if any(_library(module, prefix) in sdk for prefix in prefixes):
                    return True
    return False


_AGENTS: Final = (
    (("openai/", "asyncopenai/", "azureopenai/", "asyncazureopenai/"), ("openai", "openai_v2")),
    (("anthropic", "asyncanthropic"), ("anthropic",)),
    (("google-genai-sdk/",), ("google_genai", "google_generativeai")),
    (("groq/", "asyncgroq/"), ("groq",)),
    (("together/", "asynctogether/"), ("together",)),
    (("mistral-client-python/",), ("mistralai",)),
    (("ollama-python/",), ("ollama",)),
    (("boto3/", "botocore/"), ("bedrock",)),
)
"""How SDKs begin their `user-agent`, with the names under which peers instrument them."""


def _instrumentors_at_work() -> Iterator[str]:
    """The modules of the OpenTelemetry instrumentors that are switched on."""
    base = getattr(sys.modules.get("opentelemetry.instrumentation.instrumentor"), "BaseInstrumentor", None)
    waiting: list[Any] = [] if base is None else base.__subclasses__()
    while waiting:
        instrumentor = waiting.pop()
        waiting.extend(instrumentor.__subclasses__())
        one = vars(instrumentor).get("_instance")
        if getattr(one, "_is_instrumented_by_opentelemetry", False):
            yield instrumentor.__module__


def _is_of(module: str, prefix: str) -> bool:
    return module.startswith(prefix) if prefix.endswith(".") else f"{module}.".startswith(f"{prefix}.")


def _library(module: str, prefix: str) -> str:
    """What the instrumentor in *module* instruments: the last name of its *prefix*, or the one after it."""
    return module.removeprefix(prefix).partition(".")[0] or prefix.rpartition(".")[2]


def _native_here() -> list[str]:
    """SDKs that trace themselves here: they do where they are imported and the application has a tracer provider."""
    if getattr(sys.modules.get("opentelemetry.trace"), "_TRACER_PROVIDER", None) is None:
        return []
    anthropic = "anthropic._tracing" in sys.modules and not _anthropic_is_off()
    mistral = "mistralai.extra.observability.otel" in sys.modules
    return [name for name, on in (("anthropic itself", anthropic), ("mistralai itself", mistral)) if on]


def _anthropic_is_off() -> bool:
    return os.environ.get("ANTHROPIC_OPEN_TELEMETRY", "").lower() == "false"


def _sdks() -> list[Found]:
    found = []
    if (number := _version("anthropic")) and _has("anthropic", "_tracing.py") and not _anthropic_is_off():
        off = "set ANTHROPIC_OPEN_TELEMETRY=false; it traces itself wherever there is a tracer provider"
        found.append(Found("anthropic itself", [f"anthropic {number}"], off))
    if (number := _version("mistralai")) and _has("mistralai", "otel.py"):
        off = (
            "call configure_telemetry(client, provider=NoOpTracerProvider()) of mistralai.extra.observability; it "
            "traces itself wherever there is a tracer provider"
        )
        found.append(Found("mistralai itself", [f"mistralai {number}"], off))
    return found


def _has(package: str, file: str) -> bool:
    from importlib.metadata import files  # noqa: PLC0415

    return any(path.name == file for path in files(package) or ())


def _version(package: str) -> str | None:
    from importlib.metadata import PackageNotFoundError, version  # noqa: PLC0415

    try:
        return version(package)
    except PackageNotFoundError:
        return None
