"""How do runs of real agents become spans? Each step as the call that asked for it, in OTLP, as a tap reports it.

A step of `../shared/data/trajectories` has a thought, a tool, its arguments and what came back. Here it is the answer
of one LLM call; the next call's context has the answer and the result. What is on the span is made by the functions
that make it in an agent (`otel_burn.manifest`), from what a provider's answer would have said: nothing of the labels.
"""

import gzip
import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from otel_burn import names
from otel_burn.exchange import Block, BlockKind
from otel_burn.manifest import arguments_block, block, error_class, hash_text, tool_call

DATA: Final = Path(__file__).parents[1] / "../shared/data/trajectories"
START_NS: Final = 1_767_258_000_000_000_000
STEP_NS: Final = 20_000_000_000
BYTES_A_TOKEN: Final = 4
MODEL: Final = "gpt-4o-2024-11-20"
SAYS: Final = ("respond",)
"""Tools of a data set that are no tools: the agent speaks, and a person answers."""

Run = dict[str, Any]


def read(name: str, folder: Path = DATA) -> list[Run]:
    """The runs of `<name>.jsonl.gz`."""
    with gzip.open(folder / f"{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def spans(run: Run, *, number: int = 0) -> Iterator[dict[str, Any]]:
    """The spans of a *run* in OTLP/JSON; number *number* begins so many hours after the first."""
    system = block(BlockKind.SYSTEM, f"You are an agent. {run.get('source', '')}")
    start = [system, block(BlockKind.USER, run["id"])]
    context, at = start, START_NS + number * 3_600_000_000_000
    before = 0
    for turn, said in enumerate(_turns(run)):
        if 0 < _read(said) < before / 2:  # compacted
            context = start
        before = _read(said) or before
        at = _nanoseconds(said["at"]) if said.get("at") else at + STEP_NS
        yield _span(run["id"], turn, said, context, at)
        context = [*context, *_said(said, turn)]


def _turns(run: Run) -> Iterator[Run]:
    """What each call of a run answered: thought, tools with their results, and usage where it is recorded."""
    if "calls" in run:
        for call in run["calls"]:
            tools = [{**one, "tool": one["name"], "is_error": one.get("err")} for one in call["tools"]]
            yield {"thought": "", "tools": tools, "at": call["ts"], "model": call["model"], "usage": call}
        return
    for step in run["steps"]:
        if step["tool"] in SAYS:
            yield {"thought": step["args"], "tools": [], "answered": step["obs"] or ""}
        else:
            yield {"thought": step["thought"], "tools": [step]}
    yield {"thought": "I am done.", "tools": []}  # the call that reads the last result


def _read(said: Run) -> int:
    """The input tokens of a call, where they are recorded."""
    used = said.get("usage")
    return used["inp"] + used["cr"] + used["cw"] if used else 0


def _nanoseconds(text: str) -> int:
    return int(datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() * 1000) * 1_000_000


def otlp(found: Sequence[dict[str, Any]], *, service: str = "trajectories") -> dict[str, Any]:
    """An export request with *found*."""
    resource = {"attributes": [_attribute(names.SERVICE_NAME, service)]}
    scope = {"name": names.SCOPE, "version": "0.1.0"}
    return {"resourceSpans": [{"resource": resource, "scopeSpans": [{"scope": scope, "spans": list(found)}]}]}


def arguments(step: Run) -> Any:
    """The arguments as a model would send them: a JSON object."""
    given = step["args"]
    if isinstance(given, str):
        try:
            parsed = json.loads(given)
        except ValueError:
            parsed = None
        return parsed if isinstance(parsed, dict) else {"command": given}
    return given


def _said(said: Run, turn: int) -> Iterator[Block]:
    """What a call adds to the context: its answer, and what came back."""
    yield from _answered(said, turn)
    if "answered" in said:
        yield block(BlockKind.USER, said["answered"])
    for place, step in enumerate(said["tools"]):
        result = str(step["obs"] or "")
        failed = error_class(result, flagged=bool(step.get("is_error")))
        yield block(
            BlockKind.TOOL_RESULT,
            result,
            tool=step["tool"],
            tool_call_id=f"call_{turn}_{place}",
            error=failed,
        )


def _answered(said: Run, turn: int) -> Iterator[Block]:
    if said["thought"]:
        yield block(BlockKind.ASSISTANT, said["thought"])
    for place, step in enumerate(said["tools"]):
        yield arguments_block(f"call_{turn}_{place}", step["tool"], arguments(step))


def _span(session: str, turn: int, said: Run, context: Sequence[Block], at: int) -> dict[str, Any]:
    identity = hash_text(f"{session} {turn}")
    model = said.get("model") or MODEL
    attributes = {
        names.OPERATION_NAME: "chat",
        names.PROVIDER_NAME: "anthropic" if "claude" in model else "openai",
        names.REQUEST_MODEL: model,
        names.RESPONSE_MODEL: model,
        names.RESPONSE_ID: f"response-{identity}",
        names.CONVERSATION_ID: session,
        names.AGENT_NAME: session.split("/", 1)[0],
        names.CALL_ID: identity,
        names.ATTEMPT_NUMBER: 1,
        names.USAGE_STATUS: "exact",
        **_usage(said, turn, context),
        **_manifest(context),
        **_answer(said, turn),
    }
    return {
        "traceId": hash_text(session) * 2,
        "spanId": identity,
        "name": f"chat {model}",
        "kind": 3,
        "startTimeUnixNano": str(at),
        "endTimeUnixNano": str(at + 1_000_000_000),
        "attributes": [_attribute(name, value) for name, value in attributes.items()],
    }


def _usage(said: Run, turn: int, context: Sequence[Block]) -> dict[str, int]:
    """What was recorded, else four bytes a token."""
    if used := said.get("usage"):
        return {
            names.USAGE_INPUT_TOKENS: _read(said),
            names.USAGE_CACHE_READ_INPUT_TOKENS: used["cr"],
            names.USAGE_CACHE_WRITE_INPUT_TOKENS: used["cw"],
            names.USAGE_OUTPUT_TOKENS: used["out"],
        }
    return {
        names.USAGE_INPUT_TOKENS: sum(one.size for one in context) // BYTES_A_TOKEN + 1,
        names.USAGE_OUTPUT_TOKENS: sum(one.size for one in _answered(said, turn)) // BYTES_A_TOKEN + 1,
    }


def _manifest(context: Sequence[Block]) -> dict[str, Any]:
    return {
        names.CONTEXT_VERSION: 1,
        names.CONTEXT_STATUS: "full",
        names.CONTEXT_KINDS: [one.kind.value for one in context],
        names.CONTEXT_HASHES: [one.hash for one in context],
        names.CONTEXT_BYTES: [one.size for one in context],
        names.CONTEXT_TOOLS: [one.tool for one in context],
        names.CONTEXT_TOOL_CALL_IDS: [one.tool_call_id for one in context],
        names.CONTEXT_ERRORS: [one.error for one in context],
        names.CONTEXT_SKETCHES: [one.sketch for one in context],
    }


def _answer(said: Run, turn: int) -> dict[str, Any]:
    blocks = list(_answered(said, turn))
    asked = [
        tool_call(f"call_{turn}_{place}", step["tool"], arguments(step))
        for place, step in enumerate(said["tools"])
    ]
    answer: dict[str, Any] = {
        names.OUTPUT_KINDS: [one.kind.value for one in blocks],
        names.OUTPUT_HASHES: [one.hash for one in blocks],
        names.OUTPUT_BYTES: [one.size for one in blocks],
    }
    if asked:
        answer |= {
            names.TOOL_CALLS_IDS: [one.id for one in asked],
            names.TOOL_CALLS_NAMES: [one.name for one in asked],
            names.TOOL_CALLS_ARGS_HASHES: [one.args_hash for one in asked],
            names.TOOL_CALLS_ARGS_BYTES: [one.args_size for one in asked],
            names.TOOL_CALLS_ARGS: [json.dumps(one.args) for one in asked],
            names.TOOL_CALLS_EFFECTS: [one.effect for one in asked],
            names.TOOL_CALLS_SKETCHES: [one.sketch for one in asked],
        }
    return answer


def _attribute(name: str, value: Any) -> dict[str, Any]:
    return {"key": name, "value": _value(value)}


def _value(value: Any) -> dict[str, Any]:
    if isinstance(value, list):
        return {"arrayValue": {"values": [_value(one) for one in value]}}
    if isinstance(value, int):
        return {"intValue": str(value)}
    return {"stringValue": str(value)}
