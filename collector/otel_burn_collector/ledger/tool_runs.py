"""Which tools ran, by the agents' own log records? The same hashes as on our spans, and no content."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa

from otel_burn.exchange import ToolCall
from otel_burn.manifest import error_class, hash_text, tool_call


@dataclass(frozen=True, kw_only=True)
class ToolDialect:
    """Which attributes of an agent's tool records carry what."""

    scope: str
    """How the scope's name begins."""
    session: str
    name: str
    tool_call_id: str
    arguments: str
    """Absent unless the agent was told to record details: then the arguments are unknown, not empty."""
    request_id: str = ""
    output: str = ""
    output_after: str = ""
    """What ends the output's own header, which differs from run to run."""
    size: str = ""
    succeeded: str = ""
    """Not every agent has one to believe: Codex calls a command that failed a success."""
    error_type: str = ""


TOOL_DIALECTS: Final = (
    ToolDialect(
        scope="com.anthropic.claude_code.events",
        session="session.id",
        name="tool_name",
        tool_call_id="tool_use_id",
        arguments="tool_input",
        request_id="request_id",
        size="tool_result_size_bytes",
        succeeded="success",
        error_type="error_type",
    ),
    ToolDialect(
        scope="codex_otel",
        session="conversation.id",
        name="tool_name",
        tool_call_id="call_id",
        arguments="arguments",
        output="output",
        output_after="\nOutput:\n",
    ),
)

TOOL_RUNS: Final = pa.schema(
    {
        "session_id": pa.string(),
        "ended_at": pa.timestamp("ns"),
        "tool_call_id": pa.string(),
        "tool_name": pa.string(),
        "args_hash": pa.string(),
        "effect": pa.string(),
        "request_id": pa.string(),
        "result_hash": pa.string(),
        "result_bytes": pa.int64(),
        "error_class": pa.string(),
    }
)


def tool_runs(records: Iterable[Mapping[str, Any]]) -> pa.Table:
    """The runs in *records*, which are those of `steps/read_tool_records.sql`."""
    runs = [run for record in records if (run := _run(record)) is not None]
    return pa.Table.from_pylist(runs, schema=TOOL_RUNS)


def _run(record: Mapping[str, Any]) -> dict[str, Any] | None:
    said = dict(record["attributes"])
    dialect = next((each for each in TOOL_DIALECTS if record["scope_name"].startswith(each.scope)), None)
    if dialect is None or not (said.get(dialect.session) and said.get(dialect.tool_call_id)):
        return None
    name, arguments = said.get(dialect.name, ""), said.get(dialect.arguments, "")
    asked = _asked(said[dialect.tool_call_id], name, arguments)
    return {
        "session_id": said[dialect.session],
        "ended_at": record["ended_at"],
        "tool_call_id": asked.id,
        "tool_name": asked.name,
        "args_hash": asked.args_hash if said.get(dialect.arguments) else None,
        "effect": asked.effect,
        "request_id": said.get(dialect.request_id),
        **_outcome(dialect, said),
    }


def _asked(tool_call_id: str, name: str, arguments: str) -> ToolCall:
    try:
        return tool_call(tool_call_id, name, arguments)
    except RecursionError:  # nested deeper than any tool's arguments: a text like any other
        return tool_call(tool_call_id, name, {"": hash_text(arguments)})


def _outcome(dialect: ToolDialect, said: Mapping[str, str]) -> dict[str, Any]:
    output = said.get(dialect.output)
    if output is not None:
        head, mark, text = output.partition(dialect.output_after)
        text = text if mark else head
        return {
            "result_hash": hash_text(text),
            "result_bytes": len(text.encode("utf-8", "surrogatepass")),
            "error_class": error_class(output, flagged=False) or None,
        }
    failed = said.get(dialect.succeeded) == "false"
    size = said.get(dialect.size, "")
    return {
        "result_hash": None,
        "result_bytes": int(size) if size.isdecimal() and len(size) < 16 else None,
        "error_class": (said.get(dialect.error_type) or "error") if failed else None,
    }
