"""How is usage asked for where the caller didn't? In the request, and the chunk that answers it is hidden again.

OpenAI-format streams report no usage unless `stream_options.include_usage` is set; then one more chunk comes, with no
choices. Programs that don't expect it would read `choices[0]` of it.
"""

import itertools
import re
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from otel_burn.calls import Call
from otel_burn.formats.fields import decoded
from otel_burn.formats.hosts import provider_of

REFUSALS: Final = frozenset({400, 422})
"""How servers answer a member that they don't know."""
_MEMBERS: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_SIGNATURES: Final = (
    "x-amz-date",
    "x-amz-content-sha256",
    "signature",
    "content-digest",
    "digest",
    "content-md5",
)
_USAGE: Final = b'"usage"'
_EVENT_END: Final = re.compile(rb"(?>\r\n|\n|\r)(?>\r\n|\n|\r(?!\Z))|\r\r")
"""A blank line, in whatever mixture of line ends. A CR that is the last byte so far may be the first half of CRLF."""
_LONGEST_END: Final = 4


class AskedUsage:
    """Decides which requests are to ask for usage, and remembers the hosts that refused it."""

    def __init__(self, providers: Mapping[str, str], *, enabled: bool) -> None:
        self._providers = providers
        self._enabled = enabled
        self._refused: set[tuple[str, int | None]] = set()

    def body(self, call: Call, headers: Mapping[str, str]) -> bytes | None:
        """The body of a streamed *call* with the question added; None where it is not ours to add.

        Only hosts are asked that are known to understand it, never one that refused, never in a request that is signed.
        """
        if not self._enabled or not any(format.usage_on_request for format in call.formats):
            return None
        known = provider_of(call.host, call.port, self._providers)
        if known is None or not known.stream_usage or (call.host, call.port) in self._refused:
            return None
        if any(name in headers for name in _SIGNATURES):
            return None
        return asking(call.request_body)

    def refused(self, call: Call) -> None:
        """The host of *call* took the request without the question, and not with it."""
        self._refused.add((call.host, call.port))


def asking(body: bytes) -> bytes | None:
    """*body* with `stream_options.include_usage`; None where it asks already, or is no stream."""
    try:
        members = _MEMBERS.decode(body)
        options: dict[str, Any] = (
            msgspec.json.decode(members["stream_options"], type=dict[str, Any] | None) or {}
        )
    except KeyError:
        options = {}
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return None
    if "include_usage" in options or bytes(members.get("stream", b"")) != b"true":
        return None
    members["stream_options"] = msgspec.Raw(msgspec.json.encode(options | {"include_usage": True}))
    return msgspec.json.encode(members)


class Hiding:
    """Takes the chunk that only we asked for out of an event stream, which goes on event by event."""

    def __init__(self) -> None:
        self._held = bytearray()

    def feed(self, data: bytes) -> bytes:
        """What the caller is to see of the stream, now that *data* has arrived: all events that have their end."""
        held = self._held
        searched = max(len(held) - _LONGEST_END + 1, 0)  # an event of megabytes is searched once
        held += data
        ends = [end.end() for end in _EVENT_END.finditer(held, searched)]
        events = [bytes(held[start:end]) for start, end in itertools.pairwise((0, *ends))]
        if ends:
            del held[: ends[-1]]
        return b"".join(event for event in events if not _is_answer(event))

    def end(self) -> bytes:
        """What the caller is to see at the end of the stream."""
        rest, self._held = bytes(self._held), bytearray()
        return b"" if _is_answer(rest) else rest


def _is_answer(event: bytes) -> bool:
    if _USAGE not in event:
        return False
    said = decoded(b"".join(line[5:] for line in event.splitlines() if line.startswith(b"data:")))
    return said.get("choices") == [] and isinstance(said.get("usage"), dict)
