"""Which attributes speak of usage in a name that no dialect reads? Counted as they arrive, for `otel-burn doctor`."""

import re
from typing import Any, Final

import numpy as np
import pyarrow as pa

_USAGE: Final = re.compile(
    r"gen_ai\.usage\..+|gen_ai\.client\.inference\.usage\..+|llm\.(?:usage|token_count)\..+|ai\.usage\..+"
)
_UNDERSTOOD: Final = re.compile(
    # Sums, prices, the provider's own object, and parts that no price depends on.
    r".*(?:total_tokens|totalTokens|\.total|cost.*|\.raw)|gen_ai\.usage\.details\..+|ai\.usage\.(?:raw|.*Details\.(?:text|noCache)Tokens)"
    r"|gen_ai\.usage\.(?:text|image|audio)\.(?:input|output|cache_read\.input)_tokens"
    r"|(?:gen_ai\.usage|llm\.token_count)\.(?:prompt|completion)(?:_tokens)?_details\..*"
    r"|gen_ai\.usage\.(?:input|output)_token_details"
    r"|gen_ai\.usage\.(?:server_tool_use|web_search|search)\..+|ai\.usage\.tokens"
)


def are_unknown(names: pa.Array, read: frozenset[str]) -> Any:
    """Which of *names* speak of usage, and are neither among those that are *read* nor understood otherwise."""
    return np.array([_is_unknown(name, read) for name in names.to_pylist()], np.bool_)


def _is_unknown(name: str, read: frozenset[str]) -> bool:
    if name in read or ("usage" not in name and "token_count" not in name):
        return False
    return _USAGE.fullmatch(name) is not None and _UNDERSTOOD.fullmatch(name) is None
