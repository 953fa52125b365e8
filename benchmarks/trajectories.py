"""How do runs of real agents become spans? Each step as the call that asked for it, in OTLP, as a tap reports it.

A step of `../shared/data/trajectories` has a thought, a tool, its arguments and what came back. Here it is the answer
of one LLM call; the next call's context has the answer and the result. What is on the span is made by the functions
that make it in an agent (`otel_burn.manifest`), from what a provider's answer would have said: nothing of the labels.
"""

import gzip
import json
from collections.abc import Iterator, Sequence
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
    """The spans of a *run* in OTLP/JSON, and of a last call that reads the last result."""
    context = [
        block(BlockKind.SYSTEM, f"You are an agent. {run['source']}"),
        block(BlockKind.USER, run["id"]),
    ]
    closing: Run = {"thought": "I am done.", "tool": None, "args": "", "obs": ""}
    for turn, step in enumerate([*run["steps"], closing]):
        yield _span(run["id"], number, turn, step, context)
        context = [*context, *_said(step, f"call_{turn}")]


def otlp(found: Sequence[dict[str, Any]], *, service: str = "trajectories") -> dict[str, Any]:
    """An export request with *found*."""
    resource = {"attributes": [_attribute(names.SERVICE_NAME, service)]}
    scope = {"name": names.SCOPE, "version": "0.1.0"}
    return {"resourceSpans": [{"resource": resource, "scopeSpans": [{"scope": scope, "spans": list(found)}]}]}


def asks(step: Run) -> bool:
    """Whether a *step* calls a tool."""
    return step["tool"] is not None and step["tool"] not in SAYS


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


def _said(step: Run, tool_call_id: str) -> Iterator[Block]:
    """What a *step* adds to the context."""
    if step["thought"]:
        yield block(BlockKind.ASSISTANT, step["thought"])
    if not asks(step):
        yield block(BlockKind.ASSISTANT, step["args"])
        yield block(BlockKind.USER, step["obs"] or "")
        return
    yield arguments_block(tool_call_id, step["tool"], arguments(step))
    result = str(step["obs"] or "")
    failed = error_class(result, flagged=bool(step.get("is_error") or step.get("err")))
    yield block(BlockKind.TOOL_RESULT, result, tool=step["tool"], tool_call_id=tool_call_id, error=failed)


def _span(session: str, number: int, turn: int, step: Run, context: Sequence[Block]) -> dict[str, Any]:
    at = START_NS + number * 3_600_000_000_000 + turn * STEP_NS
    identity = hash_text(f"{session} {turn}")
    said = len(step["thought"] or "") + len(str(step["args"]))
    attributes = {
        names.OPERATION_NAME: "chat",
        names.PROVIDER_NAME: "openai",
        names.REQUEST_MODEL: MODEL,
        names.RESPONSE_MODEL: MODEL,
        names.RESPONSE_ID: f"chatcmpl-{identity}",
        names.CONVERSATION_ID: session,
        names.AGENT_NAME: session.split("/", 1)[0],
        names.CALL_ID: identity,
        names.ATTEMPT_NUMBER: 1,
        names.USAGE_STATUS: "exact",
        names.USAGE_INPUT_TOKENS: sum(one.size for one in context) // BYTES_A_TOKEN + 1,
        names.USAGE_OUTPUT_TOKENS: said // BYTES_A_TOKEN + 1,
        **_manifest(context),
        **_answer(step, f"call_{turn}"),
    }
    return {
        "traceId": hash_text(session) * 2,
        "spanId": identity,
        "name": f"chat {MODEL}",
        "kind": 3,
        "startTimeUnixNano": str(at),
        "endTimeUnixNano": str(at + STEP_NS // 2),
        "attributes": [_attribute(name, value) for name, value in attributes.items()],
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


def _answer(step: Run, tool_call_id: str) -> dict[str, Any]:
    said = [
        one for one in _said(step, tool_call_id) if one.kind in (BlockKind.ASSISTANT, BlockKind.TOOL_CALL)
    ]
    answer: dict[str, Any] = {
        names.OUTPUT_KINDS: [one.kind.value for one in said],
        names.OUTPUT_HASHES: [one.hash for one in said],
        names.OUTPUT_BYTES: [one.size for one in said],
    }
    if not asks(step):
        return answer
    asked = tool_call(tool_call_id, step["tool"], arguments(step))
    return answer | {
        names.TOOL_CALLS_IDS: [asked.id],
        names.TOOL_CALLS_NAMES: [asked.name],
        names.TOOL_CALLS_ARGS_HASHES: [asked.args_hash],
        names.TOOL_CALLS_ARGS_BYTES: [asked.args_size],
        names.TOOL_CALLS_ARGS: [json.dumps(asked.args)],
        names.TOOL_CALLS_EFFECTS: [asked.effect],
        names.TOOL_CALLS_SKETCHES: [asked.sketch],
    }


def _attribute(name: str, value: Any) -> dict[str, Any]:
    return {"key": name, "value": _value(value)}


def _value(value: Any) -> dict[str, Any]:
    if isinstance(value, list):
        return {"arrayValue": {"values": [_value(one) for one in value]}}
    if isinstance(value, int):
        return {"intValue": str(value)}
    return {"stringValue": str(value)}
