"""What number or list does an emitter's text mean? None where it means none: emitters write nonsense too."""

import json
import math
from base64 import b64decode, b64encode
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any, Final

MOST_TOKENS: Final = 10**9
"""Of one response; the largest contexts are a hundredth of it."""
MOST_USD: Final = 10**6
_SMALLEST_USD: Final = Decimal(1).scaleb(-12)


def number(text: str | None) -> float | None:
    """A finite number."""
    if text is None:
        return None
    try:
        found = float(text)
    except ValueError:
        return None
    return found if math.isfinite(found) else None


def whole(text: str | None, most: int = 2**31 - 1) -> int | None:
    """A whole number of that size at most, rounded."""
    found = number(text)
    return None if found is None or abs(found) > most else round(found)


def token_count(text: str | None) -> int | None:
    """A plausible number of tokens: emitters write whole doubles, and -1 for unknown."""
    found = number(text)
    return None if found is None or not found.is_integer() or not 0 <= found <= MOST_TOKENS else int(found)


def usd(text: str | None) -> Decimal | None:
    """A price; 0 from an emitter means that it knows none (openlit offline, litellm with an unknown model)."""
    if text is None:
        return None
    try:
        found = Decimal(text)
        return found.quantize(_SMALLEST_USD, ROUND_HALF_UP) if 0 < found < MOST_USD else None
    except InvalidOperation:
        return None


def provider_id(text: str) -> str | None:
    """A response's id as the provider gave it: LiteLLM hides that of a Responses call in one of its own.

    Its proxy encrypts it: then nobody knows it.
    """
    if not text.startswith(_WRAPPED):
        return None if text.startswith("resp_") and len(text) > _LONGEST else text
    try:
        inner = b64decode(text.removeprefix("resp_")).decode()
    except ValueError:
        return text
    return inner.rpartition("response_id:")[2] or text


_LONGEST: Final = 100
"""Characters of a response's id: OpenAI's have 55, LiteLLM's encrypted ones more than 200."""
_WRAPPED: Final = "resp_" + b64encode(b"litellm:").decode()[:10]


def first_of(text: str | None) -> str | None:
    """The text, or the first of a list of them."""
    if text is None or not text.startswith("["):
        return text
    found = _list(text)
    if found is not None:
        return _text(found[0]) if found else None
    return text[1:-1].split(",")[0].strip() or None if text.endswith("]") else None


def texts(text: str | None) -> list[str | None] | None:
    """A list of texts, from JSON."""
    found = _list(text)
    return None if found is None else [_text(each) for each in found]


def wholes(text: str | None) -> list[int | None] | None:
    """A list of whole numbers, from JSON."""
    found = _list(text)
    if found is None:
        return None
    return [each if type(each) is int and abs(each) < 2**63 else whole(_text(each), 2**53) for each in found]


def _list(text: str | None) -> list[Any] | None:
    try:
        found = json.loads(text) if text else None
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, list) else None


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, separators=(",", ":"))
