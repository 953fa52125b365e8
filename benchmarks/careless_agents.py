"""Which agents are careless with tokens, each in one way? A table of conversations, and the real SDKs that hold them.

`wasteful_agents.py` runs them after its own, under `otel-burn run` against the bundled provider. The request's header
tells that provider what to answer: an agent is careless by what it asks and keeps, a model by what it answers.
"""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from functools import partial
from typing import Any

from anthropic import Anthropic, APIStatusError
from careless_amounts import AGENTS, CONTENT, LEARNED, Agent, Turn
from google import genai
from google.genai import errors, types
from openai import APIStatusError as OpenAIStatusError
from openai import OpenAI
from opentelemetry.sdk.trace import TracerProvider
from wasteful_amounts import BOOT, WORKERS

import otel_burn
from otel_burn.demo.scripts import TOLD

Messages = list[Any]
REFUSED = (APIStatusError, OpenAIStatusError, errors.APIError)


@dataclass(frozen=True)
class Asked:
    """One request, whichever SDK makes it."""

    model: str
    messages: Messages
    headers: Mapping[str, str]
    limit: int | None = None
    retries: int = 0
    system: str = "You work, and waste."


@dataclass(frozen=True)
class Vendor:
    """How an SDK is asked, and how what was said becomes its messages."""

    ask: Callable[[Asked], Any]
    user: Callable[[str], Any]
    said: Callable[[Any], Messages]
    """The answer, and the results of the tools that it asks for."""


def anthropic() -> Vendor:
    """Anthropic's Messages."""
    client = Anthropic()

    def ask(asked: Asked) -> Any:
        return client.with_options(max_retries=asked.retries).messages.create(
            model=asked.model, system=asked.system, messages=asked.messages, max_tokens=asked.limit or 64_000,
            extra_headers=asked.headers, timeout=60,
        )  # fmt: skip

    def said(answer: Any) -> Messages:
        results = [
            {"type": "tool_result", "tool_use_id": block.id, "content": CONTENT[block.input["path"]]}
            for block in answer.content
            if block.type == "tool_use"
        ]
        content = [block.model_dump(exclude_none=True) for block in answer.content]
        return [
            {"role": "assistant", "content": content},
            *([{"role": "user", "content": results}] if results else ()),
        ]

    return Vendor(ask, lambda text: {"role": "user", "content": text}, said)


def openai() -> Vendor:
    """OpenAI's Chat Completions."""
    client = OpenAI()

    def ask(asked: Asked) -> Any:
        more: Any = {"max_completion_tokens": asked.limit} if asked.limit else {}
        said = client.with_options(max_retries=asked.retries).chat.completions.create(
            model=asked.model, messages=[{"role": "system", "content": asked.system}, *asked.messages],
            extra_headers=asked.headers, **more,
        )  # fmt: skip
        return said.choices[0].message

    def said(message: Any) -> Messages:
        return [
            message.model_dump(include={"role", "content", "tool_calls"}, exclude_none=True),
            *(
                {"role": "tool", "tool_call_id": one.id, "content": CONTENT[json.loads(one.function.arguments)["path"]]}
                for one in message.tool_calls or ()
            ),
        ]  # fmt: skip

    return Vendor(ask, lambda text: {"role": "user", "content": text}, said)


def google() -> Vendor:
    """google-genai, which retries nothing by itself."""
    client = genai.Client()

    def ask(asked: Asked) -> Any:
        config = types.GenerateContentConfig(
            system_instruction=asked.system,
            max_output_tokens=asked.limit,
            http_options=types.HttpOptions(headers=dict(asked.headers)),
        )
        return client.models.generate_content(model=asked.model, contents=asked.messages, config=config)

    def said(answer: Any) -> Messages:
        content = answer.candidates[0].content
        results = [
            types.Part.from_function_response(
                name=part.function_call.name, response={"result": CONTENT[part.function_call.args["path"]]}
            )
            for part in content.parts or ()
            if part.function_call
        ]
        return [content, *([types.Content(role="user", parts=results)] if results else ())]

    return Vendor(ask, lambda text: types.Content(role="user", parts=[types.Part(text=text)]), said)


VENDORS = {"anthropic": anthropic, "openai": openai, "google": google}


@dataclass
class Session:
    """A conversation that goes on, turn by turn."""

    agent: Agent
    vendor: Vendor
    name: str
    messages: Messages = field(default_factory=list)

    def take(self, turn: Turn) -> None:
        """Ask, again where the agent's own loop does so, and keep what it keeps."""
        if turn.forgets:
            self.messages[:] = [self.vendor.user(LEARNED)]
        asking = [*self.messages, *([self.vendor.user(turn.user)] if turn.user else ())]
        told = {TOLD: json.dumps({"agent": self.name, **asdict(turn.answer)})}
        asked = Asked(
            self.agent.models[self.name.rpartition("-")[2]],
            asking,
            told,
            self.agent.limit,
            self.agent.retries,
        )
        answer = _stubborn(partial(self.vendor.ask, asked), self.agent.pause)
        if turn.kept:
            self.messages[:] = [*asking, *self.vendor.said(answer)]


def _stubborn(ask: Callable[[], Any], pause: float | None) -> Any:
    """What *ask* answers, asked again after the same *pause* for as long as it is refused."""
    while True:
        try:
            return ask()
        except REFUSED:
            if pause is None:
                raise
            time.sleep(pause)


def hold(agent: Agent, of: str, vendor: Vendor) -> None:
    """All sessions of an *agent*."""
    name = f"{agent.wastes}-{of}"
    for number, turns in enumerate(agent.sessions):
        with otel_burn.agent(name), otel_burn.session(f"{name}-{number}"):
            session = Session(agent, vendor, name)
            for turn in turns:
                session.take(turn)


def fan_out_sessions(vendor: Vendor, model: str) -> None:
    """Workers in sessions of their own, in one trace with whoever leads them; each reads the same bootstrap."""

    def ask(agent: str, session: str, *said: str) -> None:
        told = {TOLD: json.dumps({"agent": agent, "text": "Done."})}
        with otel_burn.agent(agent), otel_burn.session(session):
            vendor.ask(Asked(model, [vendor.user(text) for text in said], told))

    with TracerProvider().get_tracer("careless").start_as_current_span("task"):
        ask("fan_out_sessions-openai", "task", "Split the work.")
        with ThreadPoolExecutor(WORKERS) as pool:
            # What is different comes first, so that the cache serves nothing of the rest.
            work = partial(ask, "worker")
            list(pool.map(lambda n: work(f"part-{n}", f"Part {n} of the work.", BOOT), range(WORKERS)))
        ask("fan_out_sessions-openai", "task", "Sum up the work.")


def run() -> None:
    """Every agent of the table, those of one SDK after each other."""

    def of(vendor: str) -> None:
        made = VENDORS[vendor]()
        for agent in _of(vendor):
            hold(agent, vendor, made)

    with ThreadPoolExecutor(len(VENDORS)) as pool:
        list(pool.map(of, VENDORS))
    fan_out_sessions(openai(), "gpt-5")


def _of(vendor: str) -> Iterator[Agent]:
    return (agent for agent in AGENTS if vendor in agent.models)
