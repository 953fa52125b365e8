"""How are a request's headers looked at, whatever they are given as? In lower case, and without touching them."""

from typing import Any, Final

_BAGGAGE: Final = "baggage"


def lowered(headers: Any) -> dict[str, Any]:
    """*headers*, a mapping or pairs or None, by their names in lower case."""
    pairs = headers.items() if hasattr(headers, "items") else headers or ()
    return {str(name).lower(): value for name, value in pairs}


def content_type(headers: dict[str, Any]) -> str:
    """The content type among *headers* in lower case, "" for none."""
    found = headers.get("content-type", "")
    return found.decode("latin-1") if isinstance(found, bytes) else str(found)


def withheld(headers: Any, seen: dict[str, Any]) -> Any:
    """*headers* as they shall be sent: with the baggage that is left of it in *seen* (`baggage.withhold`).

    They are the same object where nothing was withheld, else a copy: they may be the caller's own.
    """
    if headers is None:
        return headers
    pairs = headers.items() if hasattr(headers, "items") else headers
    given = [(name, value) for name, value in pairs if str(name).lower() == _BAGGAGE]
    left = [(_BAGGAGE, seen[_BAGGAGE])] if _BAGGAGE in seen else []
    if [value for _, value in given] == [value for _, value in left]:
        return headers
    if not hasattr(headers, "items"):
        return [pair for pair in pairs if str(pair[0]).lower() != _BAGGAGE] + left
    sent = headers.copy()
    for name, _ in given:
        del sent[name]
    for name, value in left:
        sent[name] = value
    return sent
