"""What does a request body say, at the cost of what is asked for? JSON whose members are decoded on demand."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from otel_burn.formats.fields import decoded

_MEMBERS: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_ITEMS: Final = msgspec.json.Decoder(list[msgspec.Raw])
_BROKEN: Final = (msgspec.DecodeError, UnicodeError, RecursionError)


@dataclass(frozen=True, slots=True)
class Beginning:
    """What a body has in common with an earlier one, byte by byte: up to somewhere in a list."""

    key: str
    """The member that is the list."""
    members: dict[str, Any]
    """The members before it, undecoded."""
    end: int
    """Where its last common item ends."""


class Body:
    """A JSON object. Its members are found at once (0.1 ms for 400 kB) and decoded when they are asked for.

    Anything that is no JSON object reads as an empty one. With a *beginning* only the rest is searched.
    """

    def __init__(self, data: bytes, beginning: Beginning | None = None) -> None:
        self.data = data
        self._raw: dict[str, Any] = {}
        self._decoded: dict[str, Any] = {}
        self.beginning: Beginning | None = None
        """What was not searched, as it is known."""
        try:
            if beginning is None:
                self._raw = _MEMBERS.decode(data)
            else:
                text = data[beginning.end :].lstrip().removeprefix(b",")
                rest = _MEMBERS.decode(b'{"%b":[%b' % (beginning.key.encode(), text))
                self._raw, self.beginning = beginning.members | rest, beginning
        except _BROKEN:
            self._decoded = decoded(data)  # takes what some write: half a surrogate pair, NaN

    def __contains__(self, key: str) -> bool:
        return key in self._raw or key in self._decoded

    def get(self, key: str, default: Any = None) -> Any:
        """The value of the member *key*."""
        if key not in self._decoded and key in self._raw:
            if self.beginning is not None and self.beginning.key == key:
                self._decoded[key] = decoded(self.data).get(key)
            else:
                self._decoded[key] = value_of(self._raw[key])
        return self._decoded.get(key, default)

    def is_list(self, key: str) -> bool:
        """Whether the member *key* is a list, without decoding it."""
        if (raw := self._raw.get(key)) is not None:
            return memoryview(raw)[0] == ord("[")
        return isinstance(self._decoded.get(key), list)

    def before(self, key: str) -> dict[str, Any]:
        """The members that stand before *key*, undecoded."""
        found = {}
        for name, raw in self._raw.items():
            if name == key:
                break
            found[name] = raw
        return found

    def items(self, key: str) -> Sequence[Any]:
        """The items of the member *key*, undecoded where that is possible (see `value_of`).

        A member that is no list is its own only item; one that is absent or null has none.
        """
        if self.beginning is not None and self.beginning.key == key:
            value = self.get(key)
            return value if isinstance(value, list) else ()
        return self.rest(key)

    def rest(self, key: str) -> Sequence[Any]:
        """As `items`, but of a list that the body's beginning ends in only the items after that."""
        raw = self._raw.get(key)
        if raw is not None and memoryview(raw)[0] == ord("["):
            with suppress(*_BROKEN):
                return _ITEMS.decode(raw)
        value = self.get(key)
        if value is None:
            return ()
        return value if isinstance(value, list) else [value if raw is None else raw]


def value_of(item: Any) -> Any:
    """The JSON value of an *item* that may still be undecoded; None for one that can't be read."""
    if not isinstance(item, msgspec.Raw):
        return item
    with suppress(*_BROKEN):
        return msgspec.json.decode(item)
    return decoded(b'{"value":%b}' % bytes(item)).get("value")
