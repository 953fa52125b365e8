"""What surrounds every Bedrock exchange? The model in the path, counts and errors in headers, exceptions in streams.

Source: botocore's service model of bedrock-runtime, and the response headers that Bedrock documents for InvokeModel.
"""

from typing import Final
from urllib.parse import unquote

from otel_burn import names
from otel_burn.exchange import AttributeValue
from otel_burn.formats.body import Body
from otel_burn.formats.fields import Fields, Json, count, error_code, mapping, parameters, text
from otel_burn.formats.format import About
from otel_burn.usage import Usage

_HEADER: Final = "x-amzn-bedrock-"
_COUNTS: Final = {
    "inputTokenCount": "input-token-count",
    "outputTokenCount": "output-token-count",
    "cacheReadInputTokenCount": "cache-read-input-token-count",
    "cacheWriteInputTokenCount": "cache-write-input-token-count",
}
"""Members of a stream's `amazon-bedrock-invocationMetrics`, with the header that says the same of a whole body."""
_PARAMETERS: Final = {
    "maxTokens": "max_tokens",
    "max_new_tokens": "max_tokens",
    "maxTokenCount": "max_tokens",
    "max_gen_len": "max_tokens",
    "max_tokens_to_sample": "max_tokens",
    "topP": "top_p",
    "p": "top_p",
    "topK": "top_k",
    "k": "top_k",
}
"""What the models' own names for parameters mean (`fields.PARAMETERS`)."""


def model_of(path: str) -> str | None:
    """The model in a *path* (`/model/NAME/…`): an id, an inference profile or an ARN, decoded."""
    _, found, after = path.partition("/model/")
    return unquote(after.partition("/")[0]) or None if found else None


def parameters_of(body: Body) -> dict[str, AttributeValue]:
    """The `gen_ai.request.*` attributes that a request sets, by whichever name its model has for them."""
    found = parameters(body)
    extra = mapping(body, "additionalModelRequestFields")
    holders: list[Fields] = [
        extra, mapping(extra, "inferenceConfig"), body,
        mapping(body, "inferenceConfig"), mapping(body, "textGenerationConfig"),
    ]  # fmt: skip
    for holder in holders:
        found |= parameters(holder)
        found |= parameters(
            {
                meant: value
                for key, meant in _PARAMETERS.items()
                if isinstance(value := holder.get(key), int | float)
            }
        )
    for holder in (extra, body):
        effort = text(mapping(holder, "output_config"), "effort") or text(
            mapping(holder, "reasoningConfig"), "maxReasoningEffort"
        )
        if effort:
            found[names.REQUEST_REASONING_LEVEL] = effort
    return found


def header_counts(about: About) -> Json:
    """The token counts in the headers, by their names in a stream's metrics."""
    given = {key: about.headers.get(_HEADER + header, "") for key, header in _COUNTS.items()}
    return {key: int(value) for key, value in given.items() if value.isdecimal() and len(value) < 16}


def read_metrics(counts: Json) -> Usage | None:
    """The usage by Bedrock's own *counts*, whose input excludes what was cached."""
    if (given := count(counts, "inputTokenCount")) is None:
        return None
    read, written = count(counts, "cacheReadInputTokenCount"), count(counts, "cacheWriteInputTokenCount")
    return Usage(
        input_tokens=given + (read or 0) + (written or 0),
        output_tokens=count(counts, "outputTokenCount"),
        cache_read_tokens=read,
        cache_write_tokens=written,
    )


def service_tier(about: About) -> str | None:
    """The tier that served an InvokeModel call."""
    return about.headers.get(_HEADER + "service-tier")


def speed(about: About) -> str | None:
    """The latency class that served an InvokeModel call, unless it is the standard one."""
    latency = about.headers.get(_HEADER + "performanceconfig-latency")
    return None if latency == "standard" else latency


def http_error(body: Json, about: About) -> str | None:
    """The class of the error that an answer is, as AWS names it; None for none, or one without a name."""
    said = about.headers.get("x-amzn-errortype") or text(body, "__type") or ""
    name = said.partition(":")[0].rpartition("#")[2]
    return error_code({"code": name}) if name else None


def stream_error(event: Json) -> str | None:
    """The class of the exception that an *event* of a stream is; None for none."""
    for name, said in event.items():
        if name.endswith("Exception"):
            return error_code({"code": name})
        if name == "error":
            return error_code(said)
    return None
