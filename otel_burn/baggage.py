"""How do labels get to child services? As W3C baggage, where the application's own instrumentation propagates it.

Where OpenTelemetry's propagators put the `baggage` header into a request, our labels go along, under the names of their
span attributes; `labels.current` of an instrumented service there reads them back from what its own instrumentation
extracted. Nothing is attached to OpenTelemetry's context, so nothing has to be detached from it, in generators least of
all. A request that no instrumentation of the application propagates stays as it is.

The question of privacy. Propagators know nothing of where a request goes: an instrumented HTTP client, and SDKs that
trace themselves (anthropic does so by default), send baggage to LLM providers as well. So the labels are never attached
to the context that those read; an LLM call that one of our taps sees goes without them, and so does every other request
whose host is known to be a provider's, also where they came in as baggage from a calling service; gRPC, which we can't
see through, never gets them. What is left is any other third party that the application propagates to, and a provider
that no tap and no span tells us of. So `user` stays at home unless `OTEL_BURN_BAGGAGE` names it (`session,work,agent`
is the default; `none` keeps all at home).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from otel_burn import labels
from otel_burn.firewall import guarded
from otel_burn.formats.hosts import provider_of
from otel_burn.patches import Method, Patches

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_HEADER: Final = "baggage"
_DESTINATIONS: Final = ("server.address", "url.full", "net.peer.name", "http.url")
"""Attributes by which the span of an HTTP request says where it goes; today's names and those before."""
_UNSEEN_TRANSPORTS: Final = ("opentelemetry.instrumentation.grpc",)
"""Modules of setters that inject into what no tap of ours sees: a model may be at the other end."""


def withhold(headers: Any, host: str, *, llm: bool) -> None:
    """Take our labels out of the baggage among a request's *headers* if an LLM provider gets it.

    That is the case of an *llm* call to whatever *host*, and of anything that is sent to a provider's host. Baggage
    that is part of a signature (AWS) stays.
    """
    carried = headers.get(_HEADER)
    if (
        carried
        and _HEADER in str(headers.get("authorization")).partition("SignedHeaders=")[2].partition(",")[0]
    ):
        return
    if not carried or not hasattr(headers, "__delitem__") or not (llm or provider_of(host, None, {})):
        return
    entries = (carried.decode("latin-1") if isinstance(carried, bytes) else carried).split(",")
    rest = [entry for entry in entries if entry.partition("=")[0].strip() not in labels.LABELS]
    if not rest:
        del headers[_HEADER]
    elif len(rest) < len(entries):
        headers[_HEADER] = ",".join(rest)


class Baggage(Patches):
    """The patch of OpenTelemetry's baggage propagator, while it is put in."""

    def __init__(self, travelling: frozenset[str], inside_llm_call: Callable[[], bool]) -> None:
        """*travelling* are the labels that may leave; *inside_llm_call* tells whether a tap is sending one."""
        super().__init__(
            {"opentelemetry.baggage.propagation": ("W3CBaggagePropagator", "inject", self._inject)}
        )
        self._travelling = travelling
        self._inside_llm_call = inside_llm_call

    def _inject(self, original: Method, patches: Patches) -> Method:
        def inject(this: Any, carrier: Any, context: Any = None, *args: Any, **kwargs: Any) -> Any:
            if patches.active:
                setter = kwargs.get("setter", args[0] if args else None)
                context = self._context(carrier, context, setter) or context
            return original(this, carrier, context, *args, **kwargs)

        return inject

    @guarded
    def _context(self, carrier: Any, context: Any, setter: Any) -> Any:
        """*context* with the labels that may go along, and without the others."""
        from opentelemetry import baggage  # noqa: PLC0415 - it is there: its propagator asks

        unseen = type(setter).__module__.startswith(_UNSEEN_TRANSPORTS)
        if unseen or self._inside_llm_call() or _to_provider(carrier, context):
            return _without(baggage, context)
        for name, value in labels.set_here().items():
            if name in self._travelling:
                context = baggage.set_baggage(name, value, context)
        return context


def _to_provider(carrier: Any, context: Any) -> bool:
    """Whether a provider gets what is injected, by its header `host` or the span of the request, where they say so."""
    from opentelemetry.trace import get_current_span  # noqa: PLC0415 - it is there

    host = carrier.get("host") or carrier.get("Host") if hasattr(carrier, "get") else None
    hosts = [host.partition(":")[0]] if isinstance(host, str) else []
    attributes: Mapping[str, object] = getattr(get_current_span(context), "attributes", None) or {}
    said = [value for name in _DESTINATIONS if isinstance(value := attributes.get(name), str)]
    hosts += [(urlsplit(value).hostname or "") if "://" in value else value for value in said]
    return any(provider_of(host, None, {}) for host in hosts)


def _without(baggage: Any, context: Any) -> Any:
    entries: Mapping[str, object] = baggage.get_all(context)
    for name in labels.LABELS:
        if name in entries:
            context = baggage.remove_baggage(name, context)
    return context
