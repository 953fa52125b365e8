"""What does Gemini's `usageMetadata` count?"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from otel_burn.formats.fields import Json, count, mapping, mappings, text
from otel_burn.usage import Usage

_MODALITIES: Final[Mapping[Any, str]] = {2: "IMAGE", 3: "VIDEO", 4: "AUDIO"}
"""By number, as Vertex writes enumerations where asked to (`enum-encoding=int`)."""
_TRAFFIC: Final[Mapping[Any, str]] = {1: "ON_DEMAND", 2: "PROVISIONED_THROUGHPUT"}

_PROMPT_DETAILS: Final = ("promptTokensDetails", "promptTokenDetails", "toolUsePromptTokensDetails")
"""The second one as embeddings spell it."""


def read_usage(usage: Json, queries: int = 0) -> Usage | None:
    """The token counts, and how many *queries* went to the web.

    `promptTokenCount` includes what was cached, but not what tools of the provider's put into the prompt;
    `candidatesTokenCount` excludes the thoughts.
    """
    prompt, tools = count(usage, "promptTokenCount"), count(usage, "toolUsePromptTokenCount")
    said, thought = count(usage, "candidatesTokenCount"), count(usage, "thoughtsTokenCount")
    if prompt is None and said is None and thought is None:
        return None
    given = _modalities(usage, *_PROMPT_DETAILS)
    made = _modalities(usage, "candidatesTokensDetails")
    return Usage(
        input_tokens=None if prompt is None else prompt + (tools or 0),
        output_tokens=None if said is None and thought is None else (said or 0) + (thought or 0),
        cache_read_tokens=count(usage, "cachedContentTokenCount"),
        reasoning_tokens=thought,
        audio_input_tokens=given.get("AUDIO"),
        audio_output_tokens=made.get("AUDIO"),
        audio_cache_read_tokens=_modalities(usage, "cacheTokensDetails").get("AUDIO"),
        image_input_tokens=given.get("IMAGE"),
        image_output_tokens=made.get("IMAGE"),
        units={
            unit: quantity
            for unit, quantity in (
                ("tool_use_input_tokens", tools),
                ("web_search_requests", queries),
                ("video_input_tokens", given.get("VIDEO")),
                ("video_output_tokens", made.get("VIDEO")),
            )
            if quantity
        },
    )


def _modalities(usage: Json, *keys: str) -> dict[str, int]:
    found: dict[str, int] = {}
    for key in keys:
        for detail in mappings(usage, key):
            modality = detail.get("modality")
            name = modality if isinstance(modality, str) else _MODALITIES.get(_hashable(modality), "")
            if (tokens := count(detail, "tokenCount")) is not None:
                found[name] = found.get(name, 0) + tokens
    return found


def service_tier(usage: Json) -> str | None:
    """The tier that served the call; where none is named, how the traffic was bought."""
    traffic = usage.get("trafficType")
    bought = traffic if isinstance(traffic, str) else _TRAFFIC.get(_hashable(traffic))
    return text(usage, "serviceTier") or bought


def search_queries(candidates: Iterable[Json]) -> int:
    """How many web searches stand behind the answer: Google bills by query, or once where there was any."""
    return sum(
        isinstance(query, str) and query != ""
        for candidate in candidates
        for query in _listed(mapping(candidate, "groundingMetadata"), "webSearchQueries")
    )


def _listed(source: Json, key: str) -> list[Any]:
    value = source.get(key)
    return value if isinstance(value, list) else []


def _hashable(value: Any) -> Any:
    return value if isinstance(value, int) else None
