"""How is a body seen that comes from no socket, but was recorded or made up? As it is read from its file."""

from collections.abc import Callable, Iterator
from typing import Any, Final

from otel_burn.calls import Call
from otel_burn.taps.tees import Tee


class WatchedFile(Tee):
    """A file-like object, and whatever it can do; what is read of it is seen."""

    def __getattr__(self, name: str) -> Any:
        found = super().__getattr__(name)
        return _SEEN[name](self, found) if name in _SEEN else found

    def __iter__(self) -> Iterator[Any]:
        return self._each(iter(self._inner))

    def __enter__(self) -> Any:
        self._inner.__enter__()
        return self

    def __exit__(self, *error: Any) -> Any:
        try:
            return self._inner.__exit__(*error)
        finally:
            self._call.ended()

    def _each(self, chunks: Any) -> Iterator[Any]:
        try:
            for chunk in chunks:
                self._call.chunk(chunk)
                yield chunk
        except GeneratorExit:
            raise
        except BaseException as error:
            self._call.failed(error)
            raise
        self._call.exhausted()

    def _reading(self, read: Callable[..., Any], *, to_end: bool = True) -> Callable[..., Any]:
        def seen(*amount: Any, **options: Any) -> Any:
            try:
                data = read(*amount, **options)
            except BaseException as error:
                self._call.failed(error)
                raise
            if data:
                self._call.chunk(bytes(data))
            if (to_end and amount in ((), (None,), (-1,))) or (not data and amount != (0,)):
                self._call.exhausted()
            return data

        return seen

    def _reading_a_part(self, read: Callable[..., Any]) -> Callable[..., Any]:
        return self._reading(read, to_end=False)

    def _streaming(self, stream: Callable[..., Any]) -> Callable[..., Any]:
        return lambda *args, **options: self._each(stream(*args, **options))

    def _closing(self, close: Callable[[], Any]) -> Callable[[], Any]:
        def closed() -> Any:
            try:
                return close()
            finally:
                self._call.ended()

        return closed


def watch_reads(call: Call, response: Any) -> None:
    """Show *call* what is read of a *response* that is its own file, as those are that vcrpy plays."""
    watched = WatchedFile(response, call)
    for name in ("read", "read1", "readline", "close"):
        if hasattr(response, name):
            setattr(response, name, getattr(watched, name))


_SEEN: Final = {
    "read": WatchedFile._reading,
    "read1": WatchedFile._reading_a_part,
    "readline": WatchedFile._reading_a_part,
    "stream": WatchedFile._streaming,
    "close": WatchedFile._closing,
}
"""By method: what stands in for it where the file has it."""
