"""Did this process connect to an LLM provider by a way that no tap sees? That it did is noted, nothing is read."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from otel_burn.firewall import guarded
from otel_burn.formats.hosts import provider_of
from otel_burn.patches import Method, Patches

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class Watching(Patches):
    """The patches that notice connections to providers, while they are put in."""

    def __init__(self, providers: Mapping[str, str]) -> None:
        """*providers* is the user's own table from host to provider."""
        super().__init__(
            {
                module: (class_name, "__init__", self._watch(kind, host_of))
                for module, (class_name, kind, host_of) in _CONNECTIONS.items()
            }
        )
        self._providers = providers
        self._met: Counter[str] = Counter()

    @property
    def met(self) -> list[str]:
        """What was connected to, such as `WebSockets to api.openai.com`; sorted."""
        return sorted(self._met)

    def _watch(self, kind: str, host_of: Callable[[Any], str]) -> Callable[[Method, Patches], Method]:
        def watch(original: Method, patches: Patches) -> Method:
            def connect(this: Any, target: Any, *args: Any, **kwargs: Any) -> Any:
                if patches.active:
                    self._note(kind, host_of, target)
                return original(this, target, *args, **kwargs)

            return connect

        return watch

    @guarded
    def _note(self, kind: str, host_of: Callable[[Any], str], target: Any) -> None:
        host = host_of(target)
        if provider_of(host, None, self._providers):
            self._met[f"{kind} to {host}"] += 1


def _host_of_uri(uri: Any) -> str:
    return str(getattr(uri, "host", ""))


def _host_of_target(target: Any) -> str:
    """The host of `host:port`, `dns:///host:port` or a bare host, as gRPC names what a channel goes to."""
    text = target.decode() if isinstance(target, bytes) else str(target)
    return text.rpartition("/")[2].partition(":")[0]


_CONNECTIONS: Final = {
    "websockets.client": ("ClientProtocol", "WebSockets", _host_of_uri),
    "grpc._channel": ("Channel", "gRPC", _host_of_target),
    "grpc.aio._channel": ("Channel", "gRPC", _host_of_target),
}
"""By module, the class whose construction is a connection, what it speaks, and the host of its first argument."""
