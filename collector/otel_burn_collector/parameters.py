"""How do query parameters travel as JSON? Plain values as they are, the others with their type's name."""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any


def to_json(params: Mapping[str, object]) -> dict[str, Any]:
    """*params* in JSON's types."""
    return {name: _pack(value) for name, value in params.items()}


def from_json(params: Any) -> dict[str, object]:
    """The parameters that `to_json` packed; `ValueError` when it didn't."""
    if not isinstance(params, dict):
        raise ValueError(f"`params` is not an object but {type(params).__name__}")
    return {name: _unpack(value) for name, value in params.items()}


def utc(value: object) -> object:
    """*value*, or the moment that it is in UTC, as the ledger's times are."""
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(UTC).replace(tzinfo=None)
    return value


def _pack(value: object) -> Any:
    if isinstance(value, datetime):
        return {"datetime": value.isoformat()}
    if isinstance(value, date):
        return {"date": value.isoformat()}
    if isinstance(value, Decimal):
        return {"decimal": str(value)}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_pack(item) for item in value]
    return value


_TYPES: dict[str, Callable[[str], object]] = {
    "datetime": datetime.fromisoformat,
    "date": date.fromisoformat,
    "decimal": Decimal,
}


def _unpack(value: Any) -> object:
    if isinstance(value, list):
        return [_unpack(item) for item in value]
    if isinstance(value, dict):
        ((kind, text),) = value.items() if len(value) == 1 else (("", ""),)
        if kind not in _TYPES or not isinstance(text, str):
            raise ValueError(
                f"a parameter is {value!r:.80}; wanted a value, a list or one of {sorted(_TYPES)}"
            )
        try:
            return utc(_TYPES[kind](text))
        except (ArithmeticError, ValueError) as error:
            raise ValueError(f"a parameter is no {kind}: {text!r:.80}") from error
    return value
