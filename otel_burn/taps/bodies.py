"""What does a request carry? Its bytes; of a form with files, the text fields; of a stream, what passes."""

import io
import json
import re
from collections.abc import AsyncIterator, Iterator
from typing import Any, Final

_LONGEST_FIELD: Final = 64 * 1024
_LONGEST_COPY: Final = 16 * 1024 * 1024
"""Bytes of a streamed request that are kept; of a larger one nothing is known."""
_NAME: Final = re.compile(rb'\bname="([^"\r\n]*)"')


def known(body: Any, content_type: str) -> bytes | None:
    """The bytes of *body*, as far as they are known before it is sent; None for a stream."""
    if body is None:
        return b""
    if isinstance(body, str):
        body = body.encode("utf-8", "surrogatepass")
    elif type(body) is io.BytesIO:
        body = body.getbuffer()[body.tell() :].tobytes()
    elif isinstance(body, bytearray | memoryview):
        body = bytes(body)
    return plain(body, content_type) if isinstance(body, bytes) else None


def plain(body: bytes, content_type: str) -> bytes:
    """*body* itself; of a form with files its text fields, as a JSON object."""
    kind, _, parameters = content_type.partition(";")
    if kind.strip().lower() != "multipart/form-data":
        return body
    boundary = parameters.partition("boundary=")[2].partition(";")[0].strip().strip('"')
    return fields(dict(_text_parts(body, b"--" + boundary.encode("latin-1", "replace"))))


def fields(named: dict[str, str]) -> bytes:
    """The text fields of a form as a JSON object."""
    return json.dumps(named).encode()


def _text_parts(body: bytes, boundary: bytes) -> Iterator[tuple[str, str]]:
    """Each part that is no file, looked for without copying those that are."""
    at = body.find(boundary)
    while at >= 0:
        end = body.find(boundary, at + len(boundary))
        head = body.find(b"\r\n\r\n", at, end)
        if head >= 0 and end - head < _LONGEST_FIELD:
            about = body[at:head]
            name = _NAME.search(about)
            if name and b"filename" not in about:
                value = body[head + 4 : end].removesuffix(b"\r\n")
                yield name[1].decode("utf-8", "replace"), value.decode("utf-8", "replace")
        at = end


class Copy:
    """What a streamed body was made of, as far as it was sent."""

    def __init__(self, body: Any) -> None:
        self.body = body
        self._sent: list[bytes] = []
        self._size = 0

    def saw(self, chunk: Any) -> None:
        """*chunk* is sent."""
        if isinstance(chunk, str):
            chunk = chunk.encode("utf-8", "surrogatepass")
        self._size += len(chunk)
        if self._size > _LONGEST_COPY:
            self._sent.clear()
        else:
            self._sent.append(bytes(chunk))

    def sent(self) -> bytes:
        """The bytes that were sent; none of a body that is too long."""
        return b"".join(self._sent) if self._size <= _LONGEST_COPY else b""


class CopiedFile(Copy):
    """A file that is read while it is sent, and whatever else it can do."""

    def read(self, *args: Any) -> Any:
        """What the file gives."""
        data = self.body.read(*args)
        self.saw(data)
        return data

    def __getattr__(self, name: str) -> Any:
        if name == "body":
            raise AttributeError(name)
        return getattr(self.body, name)


class CopiedIterable(Copy):
    """An iterable whose items are sent one by one."""

    def __iter__(self) -> Iterator[Any]:
        for chunk in self.body:
            self.saw(chunk)
            yield chunk


class CopiedAsyncIterable(Copy):
    """An asynchronous iterable whose items are sent one by one."""

    async def __aiter__(self) -> AsyncIterator[Any]:
        async for chunk in self.body:
            self.saw(chunk)
            yield chunk


def copied(body: Any) -> Copy | None:
    """A stand-in for the streamed *body* that keeps what passes; None for what isn't bytes."""
    if isinstance(body, Copy):
        body = body.body  # sent again
    if isinstance(body, io.TextIOBase):
        return None  # told apart by its class, and encoded then
    if hasattr(body, "read"):
        return CopiedFile(body)
    return CopiedIterable(body) if hasattr(body, "__iter__") else None
