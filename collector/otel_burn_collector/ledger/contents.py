"""What is in the context that a third party recorded? The same blocks, hashes and tool calls as on our own spans."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from otel_burn.exchange import Block, BlockKind, ToolCall
from otel_burn.manifest import named
from otel_burn_collector.ledger import messages, speaking
from otel_burn_collector.ledger.flattened import INDEXED, flattened
from otel_burn_collector.ledger.told import Json, Said, Told, read_json, read_list


def manifest_of(said: Said) -> dict[str, list[Any]]:
    """The columns of a manifest, made of content attributes; empty where they say nothing."""
    try:
        said = _with_events(said) if EVENTS in said else said
        told = [found for read in _READERS if (found := read(said))]
        return _context(told) | _output(told) if told else {}
    except RecursionError:  # nested deeper than any message
        return {}


def manifest_of_message(message: speaking.Message) -> dict[str, list[Any]]:
    """The same of a single message."""
    try:
        if message.is_answer:
            found = _output([Told([], [], [], [message.said])])
            return {
                name: each
                for name, each in found.items()
                if each and not (message.is_bare and "output" in name)
            }
        return {} if message.is_bare else _context([Told([], [], [message.said], [])])
    except RecursionError:
        return {}


def _context(told: Sequence[Told]) -> dict[str, list[Any]]:
    """What was asked, by the first that says it; some say the tools in another form than the messages."""
    tools = next((each.tools for each in told if each.tools), [])
    asked = next((each for each in told if each.asked or each.system), Told([], [], [], []))
    defined = [block for tool in tools for block in messages.definition(tool)]
    instructed = [block for part in asked.system for block in messages.system(part)]
    said = [block for message in asked.asked for block in messages.blocks(message)]
    context = named(paired([*defined, *_once(instructed, said), *said]))
    return _listed(context) if context else {}


def _once(instructed: Sequence[Block], said: Sequence[Block]) -> Sequence[Block]:
    """The instructions, unless the messages begin with them: some emitters list them twice."""
    hashes = [block.hash for block in instructed]
    begins = [block.hash for block in said[: len(hashes)] if block.kind is BlockKind.SYSTEM]
    return () if hashes == begins else instructed


def paired(blocks: Iterable[Block]) -> Iterator[Block]:
    """*blocks*, in which a tool call without an id goes by its tool's name, and so does its result: the one that names
    the tool, else the next. Of calls of one name, results come in their order."""
    waiting: list[str] = []
    for one in blocks:
        if one.kind is BlockKind.TOOL_CALL and not one.tool_call_id:
            waiting.append(one.tool)
            one = replace(one, tool_call_id=one.tool)
        elif one.kind is BlockKind.TOOL_RESULT and not one.tool_call_id:
            name = one.tool if one.tool in waiting else next(iter(waiting), one.tool)
            if name in waiting:
                waiting.remove(name)
            one = replace(one, tool_call_id=name)
        yield one


def _output(told: Sequence[Told]) -> dict[str, list[Any]]:
    """What was answered, by the first that says it; the tool calls of it by the first that says any."""
    answers = [[_assistant(message) for message in each.answered] for each in told if each.answered]
    if not answers:
        return {}
    asking = ([call for message in answer for call in messages.tool_calls(message)] for answer in answers)
    output = [block for message in answers[0] for block in messages.blocks(message)]
    return _answer(output, next((calls for calls in asking if calls), []))


def _assistant(message: Any) -> Any:
    """An answer's message, of which some leave out whose it is."""
    if isinstance(message, str):
        return {"role": "assistant", "content": message}
    return {"role": "assistant", **message} if isinstance(message, Mapping) else message


def _listed(context: list[Block]) -> dict[str, list[Any]]:
    return {
        "kinds": [str(block.kind) for block in context],
        "hashes": [block.hash for block in context],
        "bytes": [block.size for block in context],
        "tools": [block.tool for block in context],
        "tool_call_ids": [block.tool_call_id for block in context],
        "errors": [block.error for block in context],
        "sketches": [block.sketch for block in context],
    }


def _answer(output: list[Block], calls: Iterable[ToolCall]) -> dict[str, list[Any]]:
    calls = list(calls)
    return {
        "output_kinds": [str(block.kind) for block in output],
        "output_hashes": [block.hash for block in output],
        "output_bytes": [block.size for block in output],
        "asked_ids": [call.id or call.name for call in calls],
        "asked_names": [call.name for call in calls],
        "asked_hashes": [call.args_hash for call in calls],
        "asked_effects": [call.effect for call in calls],
        "asked_sketches": [call.sketch for call in calls],
    }


def _convention(said: Said) -> Told:
    """`gen_ai.input.messages` and its neighbours: JSON by the convention's schemas."""
    return Told(
        _tools(said, "gen_ai.tool.definitions") or _pydantic_tools(said),
        read_list(said.get("gen_ai.system_instructions")),
        read_list(said.get("gen_ai.input.messages")),
        read_list(said.get("gen_ai.output.messages")),
    )


def _tools(said: Said, name: str) -> list[Any]:
    """The tools that an attribute lists, as such or each as JSON in a text."""
    return [read_json(tool) if isinstance(tool, str) else tool for tool in read_list(said.get(name))]


def _pydantic_tools(said: Said) -> list[Any]:
    """The tools of a request of pydantic-ai, which lists them in a form of its own."""
    asked = read_json(said.get("model_request_parameters"))
    listed = asked.get("function_tools") if isinstance(asked, dict) else None
    tools = [each for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []
    return [{name: tool.get(theirs) for name, theirs in _PYDANTIC.items()} for tool in tools]


_PYDANTIC: Final = {"name": "name", "description": "description", "parameters": "parameters_json_schema"}


def _vercel(said: Said) -> Told:
    text, calls = said.get("ai.response.text"), read_list(said.get("ai.response.toolCalls"))
    parts: list[Json] = [{"type": "text", "text": text}] if text else []
    parts += [{**call, "type": "tool-call"} for call in calls if isinstance(call, dict)]
    return Told(
        _tools(said, "ai.prompt.tools"),
        [],
        read_list(said.get("ai.prompt.messages")),
        [{"role": "assistant", "content": parts}] if parts else [],
    )


def _exchange(asked_in: str, answered_in: str, *, mixed: bool = False) -> Callable[[Said], Told]:
    """A provider's own request and answer, as JSON in two attributes; *mixed*: the answer may end the request."""

    def read(said: Said) -> Told:
        request, answer = read_json(said.get(asked_in)), read_json(said.get(answered_in))
        if isinstance(request, list | str):
            request = {"messages": request}
        request = request if isinstance(request, dict) else {}
        system = request.get("system") or request.get("instructions") or []
        asked = _as_list(request.get("messages") or request.get("input") or request.get("contents"))
        answered = _answers(answer)
        if mixed:
            asked, answered = _apart(asked, answered)
        return Told(_as_list(request.get("tools")), _as_list(system), asked, answered)

    return read


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value] if value else []


def _answers(answer: Any) -> list[Any]:
    """The messages of a provider's answer."""
    if isinstance(answer, dict):
        for name in ("choices", "candidates"):
            if isinstance(choices := answer.get(name), list):
                return [one.get("message") or one.get("content") for one in choices if isinstance(one, dict)]
        for name in ("message", "output", "combined_chunk_content"):
            if answer.get(name):
                return _as_list(answer[name])
        return [answer] if answer.get("content") or answer.get("tool_calls") else []
    return _as_list(answer)


EVENTS: Final = "otel_burn.events"
"""Under this name a span's own events stand beside what its attributes say."""


def _events(said: Said) -> Told:
    """Messages that are events: of the span, or listed in an attribute."""
    listed = [each for each in read_list(said.get("events")) if isinstance(each, dict)]
    events = [(str(each.get("event.name")), each) for each in listed]
    events += [(each["name"], each["attributes"]) for each in read_list(said.get(EVENTS))]
    asked, answered = speaking.messages(events)
    return Told([], [], *_apart(asked, answered) if listed else (asked, answered))


def _apart(asked: list[Any], answered: list[Any]) -> tuple[list[Any], list[Any]]:
    """A list of messages that ends with what the model says has the answer in it, where none is told otherwise."""
    last = len(asked)
    while (
        not answered
        and last
        and isinstance(asked[last - 1], dict)
        and asked[last - 1].get("role") == "assistant"
    ):
        last -= 1
    return asked[:last], answered or asked[last:]


def _with_events(said: Said) -> Said:
    """*said* with what events say in names of attributes."""
    found = [each["attributes"] for each in read_list(said.get(EVENTS))]
    told = {
        name: value if isinstance(value, str) else speaking.write_json(value)
        for attributes in found
        for name, value in attributes.items()
        if name.startswith("gen_ai.")
    }
    return {**told, **said}


_READERS: Final[tuple[Callable[[Said], Told], ...]] = (
    _convention,
    _events,
    _vercel,
    *(flattened(each) for each in INDEXED),
    _exchange("request_data", "response_data", mixed=True),  # Logfire's, of agents
    _exchange("langfuse.observation.input", "langfuse.observation.output"),
    _exchange("mlflow.spanInputs", "mlflow.spanOutputs"),
    _exchange("input.value", "output.value"),
    _exchange("gen_ai.prompt", "gen_ai.completion"),
)
"""The first that finds something, is believed."""
