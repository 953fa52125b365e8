"""How is a request body seen that httpx sends as a stream, as proxies do? It is copied while it passes."""

from typing import Any

from otel_burn.calls import Call
from otel_burn.taps import bodies


class _SyncUpload(bodies.CopiedIterable):
    def close(self) -> None:
        self.body.close()


class _AsyncUpload(bodies.CopiedAsyncIterable):
    async def aclose(self) -> None:
        await self.body.aclose()


class Uploads:
    """Copies of one library's request streams; it checks of which of its own types they are."""

    def __init__(self, sync_stream: type, async_stream: type) -> None:
        self._kinds: tuple[tuple[type, Any], ...] = (
            (async_stream, type("AsyncUpload", (_AsyncUpload, async_stream), {})),
            (sync_stream, type("SyncUpload", (_SyncUpload, sync_stream), {})),
        )

    def begin(self, call: Call, request: Any) -> "Upload | None":
        """The upload of a *request* whose body is a stream, which nobody has seen yet; None for any other."""
        if call.request_body or hasattr(request, "_content"):
            return None
        kinds = [copy for kind, copy in self._kinds if isinstance(request.stream, kind)]
        return Upload(call, request, kinds[0](request.stream)) if len(kinds) == 1 else None


class Upload:
    """A request that is sent as a *copy* of its stream, and is as it was before afterwards."""

    def __init__(self, call: Call, request: Any, copy: Any) -> None:
        self._call = call
        self._request = request
        self._copy = copy
        request.stream = copy

    def end(self) -> None:
        """The request was sent, or given up."""
        if self._request.stream is self._copy:
            self._request.stream = self._copy.body
        kind = self._request.headers.get("content-type", "")
        self._call.request_body = bodies.plain(self._copy.sent(), kind)
