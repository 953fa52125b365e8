"""How is a compressed body read while it arrives? By a decoder for its content encoding, one row each."""

import importlib
import sys
import zlib
from collections.abc import Callable, Iterator
from typing import Any, Final

_AT_ONCE: Final = 1024 * 1024
"""Bytes that are decompressed in one step: a bomb never stands in memory."""


class Inflated:
    """Decodes gzip, zlib and raw deflate, which servers send under each other's names."""

    def __init__(self, _encoding: str = "gzip") -> None:
        self._inflate: Any = zlib.decompressobj(wbits=47)  # gzip or zlib, by its header
        self._started = False

    def decode(self, data: bytes) -> Iterator[bytes]:
        """The plain bytes of *data*, in pieces of at most a megabyte. Raises `zlib.error`."""
        while data:
            try:
                plain = self._inflate.decompress(data, _AT_ONCE)
            except zlib.error:
                if self._started:
                    raise
                self._inflate = zlib.decompressobj(wbits=-15)
                plain = self._inflate.decompress(data, _AT_ONCE)
            self._started = True
            if plain:
                yield plain
            data = self._inflate.unconsumed_tail


class Foreign:
    """Decodes with a library that the program has, or its HTTP client would not have asked for the encoding."""

    def __init__(self, encoding: str) -> None:
        self._decode = _DECODERS[encoding]()

    def decode(self, data: bytes) -> Iterator[bytes]:
        """The plain bytes of *data*. Raises the library's own errors."""
        if plain := self._decode(data):
            yield plain


def _brotli() -> Callable[[bytes], bytes]:
    library: Any = (
        sys.modules.get("brotli") or sys.modules.get("brotlicffi") or importlib.import_module("brotli")
    )
    decompressor = library.Decompressor()
    found: Callable[[bytes], bytes] = getattr(decompressor, "process", None) or decompressor.decompress
    return found


def _zstandard() -> Callable[[bytes], bytes]:
    for name in ("compression.zstd", "backports.zstd"):
        if library := sys.modules.get(name):
            found: Callable[[bytes], bytes] = library.ZstdDecompressor().decompress
            return found
    library = sys.modules.get("zstandard") or importlib.import_module("zstandard")
    decompress: Callable[[bytes], bytes] = library.ZstdDecompressor().decompressobj().decompress
    return decompress


_DECODERS: Final = {"br": _brotli, "zstd": _zstandard}
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
