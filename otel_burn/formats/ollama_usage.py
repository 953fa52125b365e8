"""What does Ollama count? Tokens and nanoseconds, in the last line of an answer."""

from typing import Final

from otel_burn.exchange import AttributeValue
from otel_burn.formats.fields import Fields, Json, count, mapping, parameters, raw
from otel_burn.usage import Usage

_COUNTS: Final = ("prompt_eval_count", "eval_count")
_DURATIONS: Final = ("total_duration", "load_duration", "prompt_eval_duration", "eval_duration")


def read_usage(answer: Json) -> Usage | None:
    """The token counts; older servers leave out that of a prompt which they had in their cache."""
    given, said = (count(answer, key) for key in _COUNTS)
    return None if given is None and said is None else Usage(input_tokens=given, output_tokens=said)


def read_raw(answer: Json) -> str | None:
    """The counts and times as they came, where there are counts."""
    if read_usage(answer) is None:
        return None
    return raw({key: answer[key] for key in _COUNTS + _DURATIONS if count(answer, key) is not None})


def read_parameters(body: Fields) -> dict[str, AttributeValue]:
    """The request's parameters, which stand in its `options`."""
    options = mapping(body, "options")
    think = body.get("think")
    return parameters(
        options
        | {
            "max_tokens": options.get("num_predict"),
            "reasoning_effort": think if isinstance(think, str) else None,
            "n": None,
        }
    )
