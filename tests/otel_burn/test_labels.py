"""Do calls carry the session, agent, work item and user that they are made for?"""

import asyncio
import contextvars
import gc
import inspect
import logging
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from typing import Any

import httpx2
import pytest

import otel_burn
from otel_burn import labels as burn_labels

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


async def call_async() -> None:
    """One LLM call, by hand, in a coroutine."""
    transport = httpx2.MockTransport(lambda _: httpx2.Response(200, json=ANSWER))
    async with httpx2.AsyncClient(transport=transport) as client:
        await client.post("http://llm/v1/chat/completions", json={"messages": []})


def labels(span: Any) -> dict[str, Any]:
    """The labels on *span*."""
    return {name: span.attributes[name] for name in LABELS if name in span.attributes}


def here() -> str | None:
    """The session that a call made here would belong to."""
    return burn_labels.current().get("gen_ai.conversation.id")


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


@otel_burn.session("decorated")
def decorated() -> Iterator[str | None]:
    """The session before and after what was sent."""
    sent = yield here()
    try:
        yield f"{here()} {sent}"
    except KeyError:
        yield f"{here()} caught"


def within() -> Iterator[str | None]:
    """The session in a generator that sets it in its body."""
    with otel_burn.session("within"):
        yield here()
        yield here()


@pytest.mark.parametrize("make", [decorated, within])
def test_a_generator_labels_its_steps_and_not_its_consumer(make: Callable[[], Iterator[str]]) -> None:
    """Between two steps, and after a generator was given up, its consumer's calls are the consumer's own."""
    with otel_burn.session("consumer"):
        steps = make()
        assert (next(steps), here()) == (make.__name__, "consumer")
        with otel_burn.agent("between"):
            assert (str(next(steps)).split()[0], here()) == (make.__name__, "consumer")
        steps.close()
        assert here() == "consumer"
    assert here() is None


def test_a_decorated_generator_is_one() -> None:
    """What is sent, thrown and returned passes, and `inspect` still sees a generator function."""
    assert inspect.isgeneratorfunction(decorated)
    steps = decorated()
    assert next(steps) == "decorated"
    assert steps.send("x") == "decorated x"
    assert steps.throw(KeyError()) == "decorated caught"
    with pytest.raises(StopIteration):
        next(steps)


def test_an_async_generator_labels_its_steps_and_not_its_consumer() -> None:
    """Also where it starts tasks, is iterated from several tasks, and is given up or closed by somebody else."""

    async def session_here() -> str | None:
        await asyncio.sleep(0)
        return here()

    async def within() -> AsyncIterator[list[str | None]]:
        async with otel_burn.session("generator"):
            while True:
                yield [here(), *await asyncio.gather(session_here(), session_here())]

    @otel_burn.session("generator")
    async def decorated() -> AsyncIterator[list[str | None]]:
        while True:
            yield [here(), *await asyncio.gather(session_here(), session_here())]

    async def consume(make: Callable[[], Any]) -> None:
        with otel_burn.session("consumer"):
            given_up, closed, stepped = make(), make(), make()
            assert await anext(given_up) == ["generator"] * 3
            assert here() == await session_here() == "consumer"
            assert await anext(given_up) == ["generator"] * 3
            await anext(closed)
            await asyncio.create_task(closed.aclose())
            for _ in range(3):  # a task a step, as asyncio.wait_for makes them
                assert (await asyncio.create_task(anext(stepped)))[0] == "generator"
            del given_up
            await asyncio.sleep(0)  # the event loop finalises it, in a context of its own
            assert here() == "consumer"
            await stepped.aclose()
        assert here() is None

    assert inspect.isasyncgenfunction(decorated)
    asyncio.run(consume(within))
    asyncio.run(consume(decorated))


def test_an_async_generator_left_to_the_end_of_the_loop(caplog: pytest.LogCaptureFixture) -> None:
    """Generators that nobody closed are ended by the loop or the collector without a word, and label nothing."""
    caplog.set_level(logging.WARNING)
    kept = []

    async def within() -> AsyncIterator[str | None]:
        with otel_burn.session("generator"):
            yield here()

    async def leave() -> None:
        kept.append(within())
        assert await anext(kept[0]) == "generator"
        assert await anext(within()) == "generator"

    asyncio.run(leave())
    steps = within()
    with pytest.raises(StopIteration):
        steps.__anext__().send(None)  # by hand, without a loop
    assert here() is None
    del steps
    kept.clear()
    gc.collect()
    assert here() is None
    assert not caplog.records


def test_what_an_async_generator_is_sent_and_thrown() -> None:
    """A decorated async generator handles what its consumer sends and throws, and its own errors pass."""

    @otel_burn.session("generator")
    async def answers() -> Any:
        sent = yield here()
        try:
            yield sent
        except KeyError:
            yield f"{here()} caught"
        raise ValueError("its own")

    async def consume() -> None:
        steps = answers()
        assert await steps.asend(None) == "generator"
        assert await steps.asend("x") == "x"
        assert await steps.athrow(KeyError()) == "generator caught"
        with pytest.raises(ValueError, match="its own"):
            await anext(steps)
        assert [item async for item in steps] == []

    asyncio.run(consume())


def test_a_generator_that_sets_something_up_labels_the_code_between() -> None:
    """In a context manager made of a generator, a label is meant for the code within it."""

    @contextmanager
    def tenant() -> Iterator[None]:
        with otel_burn.session("tenant"):
            yield

    @asynccontextmanager
    async def tenant_async() -> AsyncIterator[None]:
        async with otel_burn.session("tenant"):
            yield

    @contextmanager
    @otel_burn.session("tenant")
    def decorated_tenant() -> Iterator[None]:
        yield

    async def use() -> None:
        async with tenant_async():
            assert here() == "tenant"
        assert here() is None

    for make in (tenant, decorated_tenant):
        with make():
            assert here() == "tenant"
        assert here() is None
    asyncio.run(use())


@pytest.fixture
def tenant() -> Iterator[None]:
    """A session that a fixture sets up."""
    with otel_burn.session("fixture"):
        yield


def test_a_fixture_labels_the_test(tenant: None) -> None:
    """A fixture of pytest is a generator too, and meant for the test."""
    assert here() == "fixture"


def test_a_generator_that_a_thread_pool_steps_through() -> None:
    """Each step in another thread and context, as web frameworks stream sync generators: the label is there."""
    steps = within()

    async def stream() -> list[str | None]:
        return [await asyncio.to_thread(next, steps, None) for _ in range(3)]

    assert asyncio.run(stream()) == ["within", "within", None]


def test_contexts_end_in_any_order_and_anywhere() -> None:
    """One `Label` may be entered many times at once; an end out of order, or in another context, ends its own label."""
    outer, inner = otel_burn.session("outer"), otel_burn.agent("inner")
    outer.__enter__()
    inner.__enter__()
    outer.__exit__()
    assert dict(burn_labels.current()) == {"gen_ai.agent.name": "inner"}
    contextvars.copy_context().run(inner.__exit__)
    assert burn_labels.current() == {"gen_ai.agent.name": "inner"}  # that was the copy's
    inner.__exit__()
    inner.__exit__()
    assert burn_labels.current() == {}

    async def shared(turn: int) -> list[str | None]:
        await asyncio.sleep(turn / 1000)
        with outer:
            await asyncio.sleep(0.002)
            return [here()]

    async def all_at_once() -> list[list[str | None]]:
        return await asyncio.gather(*(shared(turn) for turn in range(4)))

    assert asyncio.run(all_at_once()) == [["outer"]] * 4
    with ExitStack() as stack:
        stack.enter_context(outer)
        with outer:
            assert here() == "outer"
        assert here() == "outer"
    assert here() is None


def test_decorated_methods_and_classes_keep_working() -> None:
    """Methods of every kind are labelled and bind as before; a decorated class stays a class."""

    class Agent:
        @otel_burn.session("method")
        def method(self) -> tuple[Any, str | None]:
            return self, here()

        @otel_burn.session("static")
        @staticmethod
        def static(value: int) -> tuple[int, str | None]:
            return value, here()

        @classmethod
        @otel_burn.session("class")
        def of_class(cls) -> tuple[Any, str | None]:
            return cls, here()

    @otel_burn.session("all")
    class Labelled:
        """A docstring."""

        def __init__(self) -> None:
            self.made = here()

        def method(self) -> str | None:
            return here()

        async def steps(self) -> AsyncIterator[str | None]:
            yield here()

        @staticmethod
        def static() -> str | None:
            return here()

    class Child(Labelled):
        pass

    agent = Agent()
    assert agent.method() == (agent, "method")
    assert Agent.static(3) == (3, "static")
    assert agent.of_class() == (Agent, "class")
    child = Child()
    assert isinstance(child, Labelled)
    assert Labelled.__doc__ == "A docstring."
    assert (child.made, child.method(), Labelled.static(), here()) == ("all", "all", "all", None)
    assert inspect.isasyncgenfunction(Labelled.steps)
    assert otel_burn.session("x")(here)() == "x"


def test_async_calls_in_a_generator_are_labelled_on_the_wire(spans: Callable[[], list[Any]]) -> None:
    """What a generator's steps call carries its label, what its consumer calls does not."""

    async def stream() -> AsyncIterator[int]:
        with otel_burn.session("stream"):
            await call_async()
            yield 1
            await asyncio.gather(call_async())
            yield 2

    async def consume() -> None:
        async for _ in stream():
            await call_async()

    asyncio.run(consume())
    assert [labels(span).get("gen_ai.conversation.id") for span in spans()] == [
        "stream",
        None,
        "stream",
        None,
    ]
