"""Do calls carry the session, agent, work item and user that they are made for?"""

import asyncio
from collections.abc import Callable
from typing import Any

import httpx2

import otel_burn

ANSWER = {"id": "1", "model": "m", "choices": [], "usage": {"prompt_tokens": 7, "completion_tokens": 1}}
LABELS = {
    "gen_ai.conversation.id": "s1",
    "burn.work.id": "T-1",
    "gen_ai.agent.name": "scribe",
    "user.id": "ada",
}


def call() -> None:
    """One LLM call, by hand."""
    transport = httpx2.MockTransport(lambda _: httpx2.Response(200, json=ANSWER))
    with httpx2.Client(transport=transport) as client:
        client.post("http://llm/v1/chat/completions", json={"messages": []})


def labels(span: Any) -> dict[str, Any]:
    """The labels on *span*."""
    return {name: span.attributes[name] for name in LABELS if name in span.attributes}


def test_nested_contexts(spans: Callable[[], list[Any]]) -> None:
    """Contexts add up inwards and end where they end."""
    with otel_burn.session("s1"), otel_burn.work("T-1"), otel_burn.agent("scribe"), otel_burn.user("ada"):
        call()
        with otel_burn.session("s2"):
            call()
    call()
    first, second, third = (labels(span) for span in spans())
    assert first == LABELS
    assert second == LABELS | {"gen_ai.conversation.id": "s2"}
    assert third == {}


def test_decorators(spans: Callable[[], list[Any]]) -> None:
    """Contexts decorate functions and coroutines, also those that run at the same time."""

    @otel_burn.session("plain")
    def plain() -> None:
        call()

    @otel_burn.session("coroutine")
    async def coroutine() -> None:
        await asyncio.sleep(0)
        call()

    async def both() -> None:
        async with otel_burn.session("outer"):
            await asyncio.gather(coroutine(), coroutine())
            call()

    plain()
    asyncio.run(both())
    found = [labels(span)["gen_ai.conversation.id"] for span in spans()]
    assert found == ["plain", "coroutine", "coroutine", "outer"]
