"""How is a compressed body read while it arrives? By a decoder for its content encoding, one row each."""

import importlib
import sys
import zlib
from collections.abc import Callable, Iterator
from typing import Any, Final

_AT_ONCE: Final = 1024 * 1024
"""Bytes that are decompressed in one step: a bomb never stands in memory."""
_HEADER: Final = 2
_SLICE: Final = 256
"""Bytes that are given to a decoder whose output can't be limited: 8 MB of zeros at most, in zstd's blocks."""


class Inflated:
    """Decodes gzip, zlib and raw deflate, which servers send under each other's names."""

    def __init__(self, _encoding: str = "gzip") -> None:
        self._inflate: Any = zlib.decompressobj(wbits=47)  # gzip or zlib, by its header
        self._head: bytes | None = b""
        """What has come of a header of two bytes; None once it is read."""

    def decode(self, data: bytes) -> Iterator[bytes]:
        """The plain bytes of *data*, in pieces of at most a megabyte. Raises `zlib.error`."""
        held = False
        while data or held:
            try:
                plain = self._inflate.decompress(data, _AT_ONCE)
            except zlib.error:
                if self._head is None:
                    raise
                data, self._head = self._head + data, None
                self._inflate = zlib.decompressobj(wbits=-15)
                plain = self._inflate.decompress(data, _AT_ONCE)
            if self._head is not None:
                self._head = None if len(self._head) + len(data) >= _HEADER else self._head + data
            if plain:
                yield plain
            data, held = self._inflate.unconsumed_tail, len(plain) == _AT_ONCE


class Foreign:
    """Decodes with a library that the program has, or its HTTP client would not have asked for the encoding."""

    def __init__(self, encoding: str) -> None:
        self._decode = _DECODERS[encoding]()

    def decode(self, data: bytes) -> Iterator[bytes]:
        """The plain bytes of *data*, in pieces. Raises the library's own errors."""
        return self._decode(data)


_Decode = Callable[[bytes], Iterator[bytes]]


def _brotli() -> _Decode:
    library: Any = (
        sys.modules.get("brotli") or sys.modules.get("brotlicffi") or importlib.import_module("brotli")
    )
    decompressor = library.Decompressor()
    process: Any = getattr(decompressor, "process", None) or decompressor.decompress

    def decode(data: bytes) -> Iterator[bytes]:
        try:
            plain = process(data, output_buffer_limit=_AT_ONCE)
        except TypeError:  # before 1.2; who asks for it there takes bombs in whole
            yield process(data)
            return
        while plain:
            yield plain
            plain = process(b"", output_buffer_limit=_AT_ONCE)

    return decode


def _zstandard() -> _Decode:
    for name in ("compression.zstd", "backports.zstd"):
        if library := sys.modules.get(name):
            return _limited(library.ZstdDecompressor)
    library = sys.modules.get("zstandard") or importlib.import_module("zstandard")
    decompress: Any = library.ZstdDecompressor().decompressobj(read_across_frames=True).decompress

    def decode(data: bytes) -> Iterator[bytes]:
        for at in range(0, len(data), _SLICE):
            yield decompress(data[at : at + _SLICE])

    return decode


def _limited(decompressor: Callable[[], Any]) -> _Decode:
    """By the standard library's decompressors, one after the other where frames follow each other."""
    current = decompressor()

    def decode(data: bytes) -> Iterator[bytes]:
        nonlocal current
        while True:
            if current.eof:
                data = current.unused_data + data
                if not data:
                    return
                current = decompressor()
            plain = current.decompress(data, _AT_ONCE)
            data = b""
            if plain:
                yield plain
            if current.needs_input or (current.eof and not current.unused_data):
                return

    return decode


_DECODERS: Final[dict[str, Callable[[], _Decode]]] = {"br": _brotli, "zstd": _zstandard}
ENCODINGS: Final[dict[str, Callable[[str], Any]]] = {
    "gzip": Inflated,
    "x-gzip": Inflated,
    "deflate": Inflated,
    "br": Foreign,
    "zstd": Foreign,
}


def decoders(content_encoding: str) -> list[Any]:
    """What undoes *content_encoding*, a header's value, in the order of use.

    Raises KeyError or ImportError when nothing can.
    """
    names = [name.strip().lower() for name in content_encoding.split(",")]
    return [ENCODINGS[name](name) for name in reversed(names) if name and name != "identity"]
