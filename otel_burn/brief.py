"""How long may a name be that came off the wire? A model, an id or an error class, kept short and still told apart."""

import re
from typing import Any, Final

import xxhash

LONGEST: Final = 256
"""Characters of an identifier on a span; providers' own stay below 100, gateways pack more into theirs."""
_DIGEST: Final = 16
_WORD: Final = re.compile(r"[A-Za-z0-9_.:/@+-]{1,64}")
_DEEPEST: Final = 6
_MOST: Final = 64
"""Members of an object, or items of a list, in a provider's usage; real ones have less than 20."""


def brief(text: str) -> str:
    """*text*; of one that is too long its beginning and, after `~`, a hash of it all: equal texts stay equal."""
    if len(text) <= LONGEST:
        return text
    digest = xxhash.xxh3_64_hexdigest(text.encode("utf-8", "surrogatepass"))
    return f"{text[: LONGEST - _DIGEST - 1]}~{digest}"


def brief_value(value: Any) -> Any:
    """An attribute's *value* with each text in it brief."""
    if isinstance(value, str):
        return brief(value)
    if isinstance(value, list | tuple) and any(isinstance(one, str) and len(one) > LONGEST for one in value):
        return [brief(one) if isinstance(one, str) else one for one in value]
    return value


def is_word(text: str) -> bool:
    """Whether *text* looks like an identifier (`standard`, `us-east-1`, `cached_tokens`), and not like content."""
    return _WORD.fullmatch(text) is not None


def counted(value: Any, depth: int = 0) -> Any:
    """*value* with nothing in it but numbers, booleans, nulls and words: no sentence, nothing deep, nothing long.

    Members whose names or values are anything else are left out, as are numbers that OTLP can't carry.
    """
    if isinstance(value, dict):
        members = list(value.items())[:_MOST] if depth < _DEEPEST else []
        return {
            name: counted(inner, depth + 1) for name, inner in members if is_word(name) and _is_plain(inner)
        }
    if isinstance(value, list):
        items = value[:_MOST] if depth < _DEEPEST else []
        return [counted(inner, depth + 1) for inner in items if _is_plain(inner)]
    return value


def _is_plain(value: Any) -> bool:
    if isinstance(value, str):
        return is_word(value)
    return not isinstance(value, int) or -(2**63) <= value < 2**63
