"""How many tokens does a report say, once its emitter's habits are allowed for? Input includes cache, output reasoning.

What is corrected is a fact of the emitter (its dialect), or follows from arithmetic: a part is never larger than its
whole, and a total is a sum. Each correction is named, so that `otel-burn explain` can show it: what its dialect always
does by `habits`, the rest in the report's `corrections`.
"""

import json
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from otel_burn_collector.ledger.dialect import Dialect
from otel_burn_collector.ledger.values import number, token_count

_PARTS: Final = (
    "cache_read_tokens",
    "cache_write_tokens",
    "cache_write_5m_tokens",
    "cache_write_1h_tokens",
    "reasoning_tokens",
    "audio_input_tokens",
    "audio_output_tokens",
)

_COUNTS: Final = (
    "input_tokens",
    "output_tokens",
    "uncached_tokens",
    "cache_read_tokens",
    "cache_write_tokens",
)
"""Where one of them is no count, the others would mislead."""
_DETAILS: Final = tuple(name for name in _PARTS if name not in _COUNTS)

_INVENTED: Final = "its counts are made up from the length of the texts, as the stream brought none: left out"
_ZEROS: Final = "it says 0 tokens in and out, without a response's id, where it saw no usage: left out"
_MISLEADING: Final = "so are its other tokens, as a part would mislead"
_CACHE: Final = "its input leaves out what the cache read and wrote: added"
_SMALLER: Final = (
    "its input is smaller than what the cache read and wrote: it leaves that out, as Anthropic does: added"
)
_TOTAL_INPUT: Final = "its total says that the input leaves out what the cache read and wrote: added"
_REASONING: Final = "its output leaves out the reasoning: added"
_REPEATED: Final = "its output counts the reasoning twice: taken off"
_TOTAL_OUTPUT: Final = "its total says that the output leaves out the reasoning: added"

_DETAILED: Final = ("openai", "azure")
"""As LiteLLM names them. Their answers tell the details of the input, also where it has none."""

_GOOGLE: Final = ("gemini", "google", "vertex")
"""Their answers count what was thought beside what was said."""
_ANTHROPIC: Final = ("anthropic", "claude")
"""Their answers count input beside what the cache read and wrote."""

Row = dict[str, Any]


def habits(dialect: Dialect) -> list[str]:
    """What is corrected, or cannot be, in every report of this dialect."""
    said = {
        _CACHE: dialect.input_excludes,
        _REASONING: dialect.output_excludes,
        _REPEATED: dialect.output_repeats,
    }
    known = [*([f"it leaves out {dialect.leaves_out}"] if dialect.leaves_out else []), dialect.remark]
    return [text for text, applies in said.items() if applies] + [text for text in known if text]


def usage_of(dialect: Dialect, fields: Mapping[str, str], content: Mapping[str, str]) -> Row:
    """The token columns of a report that says *fields*, with how it pairs and what was corrected."""
    usage: Row = {name: token_count(fields[name]) for name in _PARTS if name in fields}
    said_input, said_output = (token_count(fields.get(f"{name}_tokens")) for name in ("input", "output"))
    pairing = _pairing(dialect, fields, usage, said_input, said_output)
    bad = [name for name in (*_COUNTS, *_DETAILS) if name in fields and _is_no_count(fields[name])]
    corrections = [f"its {name.replace('_', ' ')} are no number of tokens: left out" for name in bad]
    if any(name in _COUNTS or (name == "reasoning_tokens" and dialect.output_excludes) for name in bad):
        return {**dict.fromkeys(usage), "pairing": pairing, "corrections": [*corrections, _MISLEADING]}
    is_made_up = dialect.invents_usage or (dialect.invents_half and said_output == _half(content))
    if _says_nothing(dialect, fields, usage, said_input, said_output, is_made_up=is_made_up):
        corrections.append(_INVENTED if said_input or said_output else _ZEROS)
        said_input = said_output = None
        usage = dict.fromkeys(usage)
        pairing = _pairing(dialect, fields, usage, said_input, said_output)
    usage["input_tokens"], usage["output_tokens"] = said_input, said_output
    corrections += _include_cache(usage, dialect, fields)
    corrections += _include_reasoning(usage, dialect, fields)
    if _INVENTED in corrections:
        usage["reported_usd"] = None  # it follows from them
    return usage | {"pairing": pairing, "corrections": corrections}


def _is_no_count(text: str) -> bool:
    """Whether *text* should be a count and is none; -1 is how emitters say that they don't know."""
    return token_count(text) is None and number(text) != -1


def _says_nothing(
    dialect: Dialect,
    fields: Mapping[str, str],
    usage: Row,
    said_input: int | None,
    said_output: int | None,
    *,
    is_made_up: bool,
) -> bool:
    """Whether the counts are none: made up, or zeros that stand for unknown."""
    if is_made_up or _is_counted_by_itself(fields):
        return said_input is not None
    zeros = said_input == 0 and said_output == 0 and not any(usage.values())
    return zeros and "response_id" not in fields and not dialect.wire


def _half(content: Mapping[str, str]) -> int | None:
    """Half as many tokens as the answer has characters; None where nobody tells the answer."""
    text = "".join(_SAID.findall(content.get("gen_ai.output.messages", "")))
    return math.ceil(len(json.loads(f'"{text}"')) / 2) if text else None


_SAID: Final = re.compile(r'"type":\s*"text",\s*"content":\s*"((?:[^"\\]|\\.)*)"')


def _is_counted_by_itself(fields: Mapping[str, str]) -> bool:
    """Whether a stream's usage has no details, and the provider is one that always gives them."""
    detailed = fields.get("provider") in _DETAILED and fields.get("stream", "").lower() == "true"
    return detailed and "lacks_details" in fields


def _include_cache(usage: Row, dialect: Dialect, fields: Mapping[str, str]) -> list[str]:
    """Let the input include what the cache read and wrote."""
    cached = (usage.get("cache_read_tokens") or 0) + (usage.get("cache_write_tokens") or 0)
    if usage["input_tokens"] is None:
        uncached = token_count(fields.get("uncached_tokens"))
        usage["input_tokens"] = None if uncached is None else uncached + cached
        return []
    if not cached:
        return []
    total, both = (
        token_count(fields.get("total_tokens")),
        usage["input_tokens"] + (usage["output_tokens"] or 0),
    )
    is_smaller = usage["input_tokens"] < cached and _is_of(dialect, fields, _ANTHROPIC)
    reasons = {_SMALLER: is_smaller, _TOTAL_INPUT: total == both + cached}
    found = [said for said, applies in reasons.items() if applies and not dialect.input_excludes]
    if found or dialect.input_excludes:
        usage["input_tokens"] += cached
    return found[:1]


def _include_reasoning(usage: Row, dialect: Dialect, fields: Mapping[str, str]) -> list[str]:
    """Let the output include the reasoning."""
    said_input, said_output, reasoning = (
        usage.get(f"{name}_tokens") for name in ("input", "output", "reasoning")
    )
    if said_output is None:
        return []
    if dialect.output_excludes and reasoning:
        usage["output_tokens"] += reasoning
        return []
    if dialect.output_repeats:
        usage["output_tokens"] -= min(reasoning or 0, said_output // 2)
        return []
    rest = (token_count(fields.get("total_tokens")) or 0) - (said_input or 0) - said_output
    if rest > 0 and (reasoning == rest or (reasoning is None and _is_of(dialect, fields, _GOOGLE))):
        usage["output_tokens"] += rest
        usage["reasoning_tokens"] = rest
        return [_TOTAL_OUTPUT]
    return []


def _is_of(dialect: Dialect, fields: Mapping[str, str], vendor: Sequence[str]) -> bool:
    said = (dialect.provider, *(fields.get(name) for name in ("provider", "request_model", "response_model")))
    return any(word in name.lower() for name in said if name is not None for word in vendor)


def _pairing(
    dialect: Dialect, fields: Mapping[str, str], usage: Row, said_input: int | None, said_output: int | None
) -> str | None:
    if dialect.pairs_with_turns:
        return dialect.pairs_by_usage
    if dialect.pairs_by_usage is None or said_input is None or "request_id" in fields:
        return None
    if dialect.input_excludes:  # session logs have it whole
        said_input += (usage.get("cache_read_tokens") or 0) + (usage.get("cache_write_tokens") or 0)
    unsaid = (usage.get("reasoning_tokens") or 0) if dialect.pairs_without_reasoning else 0
    output = None if said_output is None else said_output - unsaid
    parts = (dialect.pairs_by_usage, said_input, output)
    return "|".join(str(part) for part in parts if part is not None)
