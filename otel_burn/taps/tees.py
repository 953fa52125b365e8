"""How is a streamed response seen without being touched? Each chunk is copied as the caller takes it."""

from collections.abc import AsyncIterator, Iterator
from typing import Any, NamedTuple

from otel_burn.calls import Call
from otel_burn.taps.asked_usage import Hiding
from otel_burn.taps.uploads import Uploads


class Tee:
    """Stands before a response's stream and shows a call what passes."""

    def __init__(self, inner: Any, call: Call, hiding: Hiding | None = None) -> None:
        self._inner = inner
        self._call = call
        self._hiding = hiding

    def __getattr__(self, name: str) -> Any:
        if name == "_inner":  # of a copy that is not filled yet
            raise AttributeError(name)
        return getattr(self._inner, name)

    def __del__(self) -> None:
        self._call.collected = True
        self._call.ended()  # neither read to its end nor closed: dropped


class SyncPassage(Tee):
    """The chunks of a stream that is iterated."""

    def __iter__(self) -> Iterator[bytes]:
        chunk_seen, hiding = self._call.chunk, self._hiding
        try:
            for chunk in self._inner:
                chunk_seen(chunk)
                shown = chunk if hiding is None else hiding.feed(chunk)
                if shown:
                    yield shown
        except GeneratorExit:
            raise  # given up by the reader: `close` follows and ends the call
        except BaseException as error:
            self._call.failed(error)
            raise
        self._call.exhausted()
        if hiding is not None and (shown := hiding.end()):
            yield shown

    def close(self) -> None:
        try:
            self._inner.close()
        finally:
            self._call.ended()


class AsyncPassage(Tee):
    """The chunks of a stream that is iterated asynchronously."""

    async def __aiter__(self) -> AsyncIterator[bytes]:
        chunk_seen, hiding = self._call.chunk, self._hiding
        try:
            async for chunk in self._inner:
                chunk_seen(chunk)
                shown = chunk if hiding is None else hiding.feed(chunk)
                if shown:
                    yield shown
        except GeneratorExit:
            raise
        except BaseException as error:
            self._call.failed(error)
            raise
        self._call.exhausted()
        if hiding is not None and (shown := hiding.end()):
            yield shown

    async def aclose(self) -> None:
        try:
            await self._inner.aclose()
        finally:
            self._call.ended()


class TeeClasses(NamedTuple):
    """The tees of one library: its responses check of which of its own types their stream is."""

    sync_stream: type
    async_stream: type
    sync_tee: Any
    async_tee: Any
    dual_tee: Any
    uploads: Uploads

    def of(self, stream: object) -> Any:
        """The class of tee that is of the same kind as *stream*: sync, async, or both."""
        if not isinstance(stream, self.async_stream):
            return self.sync_tee
        return self.dual_tee if isinstance(stream, self.sync_stream) else self.async_tee


def tee_classes(sync_stream: type, async_stream: type) -> TeeClasses:
    """Tees that are also a library's own *sync_stream* and *async_stream*."""
    return TeeClasses(
        sync_stream,
        async_stream,
        type("SyncTee", (SyncPassage, sync_stream), {}),
        type("AsyncTee", (AsyncPassage, async_stream), {}),
        type("DualTee", (SyncPassage, AsyncPassage, sync_stream, async_stream), {}),
        Uploads(sync_stream, async_stream),
    )
