"""Which calls without a conversation id are one session? Those whose contexts go on from each other."""

from itertools import permutations
from typing import Any

import pytest

RUN = {"service.name": "agent", "service.instance.id": "process-1", "burn.run.id": "run-1"}


class Agent:
    """An agent that names no conversation."""

    def __init__(self, world: Any, emitter: Any, block: Any) -> None:
        self.world, self.emitter, self.block = world, emitter, block
        self.spans: list[Any] = []

    def ask(self, context: list[Any], answer: list[Any] | None = None, **said: Any) -> Any:
        """One call, ten seconds after the last one."""
        options = {"at": 10.0 * len(self.spans), "resource": RUN} | said
        attributes = self.emitter.said(context, answer) | options.pop("attributes", {})
        self.spans.append(self.world.chat(attributes=attributes, **options))
        return self.spans[-1]

    def head(self, task: str) -> list[Any]:
        """The beginning of a conversation."""
        return [self.block("system", "5" * 16, 400), self.block("user", f"{task:0>16}", 50)]

    def text(self, name: str, size: int = 80) -> Any:
        """A text of the model."""
        return self.block("assistant", f"{name:0>16}", size)

    def user(self, name: str) -> Any:
        """What the user says next."""
        return self.block("user", f"{name:0>16}", 50)

    def converse(self, task: str, turns: int) -> list[Any]:
        """A conversation of some turns; returns the context after it."""
        context = self.head(task)
        for turn in range(turns):
            answer = [self.text(f"{task}a{turn}")]
            self.ask(context, answer)
            context = [*context, *answer, self.user(f"{task}b{turn}")]
        return context


@pytest.fixture
def agent(world: Any, make_emitter: Any, block: Any) -> Agent:
    """An agent in the world."""
    return Agent(world, make_emitter(), block)


def _sessions(world: Any) -> list[tuple[str, int, str | None]]:
    rows = world.rows("FROM sessions ORDER BY started_at, session_id")
    return [(row["session_source"], row["calls"], row["parent_session_id"]) for row in rows]


def _session_of(world: Any, span: Any) -> str:
    (row,) = world.rows(f"SELECT session_id FROM llm_calls WHERE span_id = '{span['span_id']}'")
    return str(row["session_id"])


def test_conversations_of_one_run_are_told_apart(world: Any, agent: Agent) -> None:
    """Two that share system prompt and tools: two sessions, turns counted in each, named after the run."""
    agent.converse("1", 3)
    agent.converse("2", 2)
    world.load(*agent.spans)
    assert _sessions(world) == [("threaded", 3, None), ("threaded", 2, None)]
    assert [call["turn"] for call in world.calls()] == [1, 2, 3, 1, 2]
    assert _session_of(world, agent.spans[0]).startswith("run-1/")


def test_calls_that_have_nothing_in_common_stay_with_the_run(world: Any, agent: Agent) -> None:
    """Thirty classifications are one session, not thirty."""
    for number in range(30):
        agent.ask(agent.head(f"{number}"), [agent.text("c", 5)])
    world.load(*agent.spans)
    assert _sessions(world) == [("run", 30, None)]
    assert world.calls()[0]["session_id"] == "run-1"


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_a_thread_comes_together_whatever_the_order(world: Any, agent: Agent, order: tuple[int, ...]) -> None:
    """Its calls change their session when the one between them arrives, and their tool calls go along."""
    agent.converse("1", 3)
    for number in order:
        agent.spans[number]["attributes"] |= {"burn.tool_calls.names": '["read"]'}
        world.load(agent.spans[number])
    assert _sessions(world) == [("threaded", 3, None)]
    (tools,) = world.rows(
        "SELECT list(seq ORDER BY turn) AS seq, list(DISTINCT session_id) AS ids FROM tool_calls"
    )
    assert (tools["seq"], tools["ids"]) == ([1, 2, 3], [_session_of(world, agent.spans[0])])
    assert world.rows("SELECT DISTINCT session_id FROM context_blocks") == [{"session_id": tools["ids"][0]}]


def test_reasoning_may_be_dropped_or_changed(world: Any, agent: Agent) -> None:
    """Providers sign it, shorten it or want it left out."""
    context = agent.head("1")
    for turn, back in enumerate(("dropped", "changed", "kept")):
        thought = agent.block("reasoning", f"{turn:016x}", 99)
        agent.ask(context, [thought, agent.text(f"a{turn}")])
        again = {"dropped": [], "changed": [thought._replace(hash="c" * 16)], "kept": [thought]}[back]
        context = [*context, *again, agent.text(f"a{turn}"), agent.user(f"b{turn}")]
    agent.ask(context, None)
    world.load(*agent.spans)
    assert _sessions(world) == [("threaded", 4, None)]


def test_an_answer_that_broke_off_is_followed_by_any_answer(world: Any, agent: Agent) -> None:
    """Nobody knows its blocks; what comes next must be the model's, not the user's."""
    agent.ask(agent.head("1"), None)
    agent.ask([*agent.head("1"), agent.text("a"), agent.user("b")], None)
    agent.ask([*agent.head("1"), agent.user("b")], None)
    world.load(*agent.spans)
    one, two, three = (_session_of(world, span) for span in agent.spans)
    assert (one == two, three) == (True, "run-1")


def test_a_fork_is_a_session_with_a_parent(world: Any, agent: Agent) -> None:
    """The user goes back two turns and takes another way: the first way keeps the session."""
    agent.converse("1", 4)
    context = [*agent.head("1"), agent.text("1a0"), agent.user("1b0"), agent.text("1a1"), agent.user("else")]
    agent.ask(context, [agent.text("x")])
    agent.ask([*context, agent.text("x"), agent.user("y")], [agent.text("z")])
    world.load(*agent.spans)
    assert _sessions(world) == [("threaded", 4, None), ("threaded", 2, _session_of(world, agent.spans[0]))]


def test_a_side_question_stays_in_the_session_it_came_from(world: Any, agent: Agent) -> None:
    """A summary, a title, a second sample: one call that nothing follows is no session of its own."""
    context = agent.converse("1", 3)
    agent.ask([*context[:4], agent.user("title?")], [agent.text("t")])
    agent.ask(context[:4], [agent.text("other sample")])
    world.load(*agent.spans)
    assert _sessions(world) == [("threaded", 5, None)]


def test_what_only_system_prompt_and_first_message_share_has_no_parent(world: Any, agent: Agent) -> None:
    """The same task done twice: two sessions, neither of them a fork."""
    for name in ("x", "y"):
        agent.ask(agent.head("1"), [agent.text(name)])
        agent.ask([*agent.head("1"), agent.text(name), agent.user("go on")], [agent.text(f"{name}{name}")])
    world.load(*agent.spans)
    assert _sessions(world) == [("threaded", 2, None), ("threaded", 2, None)]


def test_of_samples_taken_in_parallel_the_chosen_one_goes_on(world: Any, agent: Agent) -> None:
    """Ten answers to one question, the fourth of which is sent back."""
    for number in range(10):
        agent.ask(agent.head("1"), [agent.text(f"a{number}")], at=0.1 * number)
    agent.ask([*agent.head("1"), agent.text("a3"), agent.user("b")], [agent.text("c")])
    world.load(*agent.spans)
    ids = [_session_of(world, span) for span in agent.spans]
    assert ids[3] == ids[10] != "run-1"


@pytest.mark.parametrize("keeps", ["the last answer", "a window", "an edited result"])
def test_a_context_that_was_cut_or_edited_stays_in_its_session(world: Any, agent: Agent, keeps: str) -> None:
    """It still carries the last answer, which is long enough to be nobody else's, behind the same system prompt."""
    context = agent.converse("1", 3)
    system, last = context[0], context[-2:]
    begun = {
        "the last answer": [system, agent.user("summary"), *last],
        "a window": [system, *context[3:]],
        "an edited result": [*context[:3], agent.user("cleared"), *context[4:]],
    }[keeps]
    agent.ask(begun, [agent.text("z")])
    agent.ask([*begun, agent.text("z"), agent.user("more")], [agent.text("zz")])
    world.load(*agent.spans)
    assert _sessions(world) == [("threaded", 5, None)]


def test_a_summary_in_words_begins_a_new_session(world: Any, agent: Agent) -> None:
    """It carries nothing of the old one that hashes could show: the same as a new task, as far as we can know."""
    agent.converse("1", 3)
    agent.converse("summary", 2)
    world.load(*agent.spans)
    assert _sessions(world) == [("threaded", 3, None), ("threaded", 2, None)]


def test_agents_and_runs_are_not_mixed(world: Any, agent: Agent) -> None:
    """Two agents, and two runs, with the same words."""
    other_run = RUN | {"burn.run.id": "run-2", "service.instance.id": "process-2"}
    context = [*agent.head("1"), agent.text("a"), agent.user("b")]
    agent.ask(agent.head("1"), [agent.text("a")])
    agent.ask(context, [agent.text("c")], resource=other_run)
    agent.ask(context, [agent.text("c")], attributes={"gen_ai.agent.name": "critic"})
    world.load(*agent.spans)
    assert [_session_of(world, span) for span in agent.spans] == ["run-1", "run-2", "run-1"]


def test_a_conversation_id_comes_first(world: Any, agent: Agent) -> None:
    """Named calls are where they say, and nothing is threaded with them."""
    named = {"gen_ai.conversation.id": "mine"}
    context = [*agent.head("1"), agent.text("a"), agent.user("b")]
    agent.ask(agent.head("1"), [agent.text("a")], attributes=named)
    agent.ask(context, [agent.text("c")])
    world.load(*agent.spans)
    assert sorted(_sessions(world)) == [("given", 1, None), ("run", 1, None)]
