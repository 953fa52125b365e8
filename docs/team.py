"""What does a trace of several agents look like? A lead, and the demo's agents at work for it at once: the run that
`docs/explorer.md` pictures.

    python -m otel_burn.demo.serve otel-burn run --db DB -- python docs/team.py

Spans of agents and tools are the program's own, by OpenTelemetry's SDK, as any framework makes them.
"""

import os
import tempfile
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial, wraps
from pathlib import Path
from typing import Any

from anthropic import Anthropic
from openai import OpenAI
from opentelemetry import context, trace
from opentelemetry.sdk.trace import TracerProvider

import otel_burn
from otel_burn.demo.agents import failing_loop, healthy
from otel_burn.demo.workspace import write_workspace

trace.set_tracer_provider(TracerProvider())
TRACER = trace.get_tracer("release-team")
LEAD = "You lead a release. Say who does what, then what came of it."


def invoked(agent: str, work: Callable[[], object], above: Any = None) -> object:
    """*work* done as *agent*, in a span of its own below the one that is current in *above*."""
    said = {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": agent}
    with (
        otel_burn.agent(agent),
        TRACER.start_as_current_span(f"invoke_agent {agent}", above, attributes=said),
    ):
        return work()


def traced(tools: Mapping[str, Callable[..., str]]) -> dict[str, Callable[..., str]]:
    """*tools*, each call of which is a span."""

    def wrapped(name: str, tool: Callable[..., str]) -> Callable[..., str]:
        @wraps(tool)
        def call(**arguments: Any) -> str:
            said = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": name}
            with TRACER.start_as_current_span(f"execute_tool {name}", attributes=said):
                return tool(**arguments)

        return call

    return {name: wrapped(name, tool) for name, tool in tools.items()}


def lead(openai: OpenAI, anthropic: Anthropic) -> None:
    """Ask, give the work out, and ask again."""

    def ask(said: str) -> None:
        messages: Any = [{"role": "system", "content": LEAD}, {"role": "user", "content": said}]
        openai.chat.completions.create(model="gpt-5", messages=messages)

    ask("Release 4.2.")
    here = context.get_current()
    work = {"writer": partial(healthy.work, openai), "fixer": partial(failing_loop.work, anthropic),
            "proofreader": partial(healthy.work, openai)}  # fmt: skip
    with ThreadPoolExecutor() as pool:
        ended = [str(one) for one in pool.map(lambda each: invoked(*each, here), work.items())]
    ask("\n".join(ended))


if __name__ == "__main__":
    folder = Path(tempfile.mkdtemp())
    write_workspace(folder)
    os.chdir(folder)
    healthy.TOOLS.update(traced(healthy.TOOLS))
    failing_loop.TOOLS.update(traced(failing_loop.TOOLS))
    with OpenAI() as openai, Anthropic() as anthropic, otel_burn.session("release-4.2"):
        invoked("lead", partial(lead, openai, anthropic))
