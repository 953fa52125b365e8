"""Does the scripted provider cut, refuse and bill as a request tells it, in each API's own words?"""

import json
from collections.abc import Callable
from typing import Any, Final

import anthropic
import openai
import pytest

from otel_burn.demo.provider import ScriptedProvider
from otel_burn.demo.scripts import TOLD

MESSAGES: Final[list[Any]] = [{"role": "user", "content": "Hello?"}]
WORDS: Final = "Once upon a time. " * 100


def told(**step: Any) -> dict[str, str]:
    """The header that asks for *step*."""
    return {TOLD: json.dumps({"agent": "teller", "text": WORDS, **step})}


def chat(headers: dict[str, str], limit: int) -> tuple[str, str, int]:
    """Chat Completions: why it ended, what it said, and how many tokens of thought."""
    with openai.OpenAI() as client:
        answer = client.chat.completions.create(
            model="gpt-5", messages=MESSAGES, max_completion_tokens=limit, extra_headers=headers
        )
    assert answer.usage and answer.usage.completion_tokens_details
    choice, details = answer.choices[0], answer.usage.completion_tokens_details
    return choice.finish_reason, choice.message.content or "", details.reasoning_tokens or 0


def responses(headers: dict[str, str], limit: int) -> tuple[str, str, int]:
    """Responses, streamed: the last event is another where it is cut."""
    with openai.OpenAI() as client:
        asked: Any = {"model": "gpt-5", "input": "Hello?", "max_output_tokens": limit, "stream": True}
        *_, last = client.responses.create(**asked, extra_headers=headers)
    assert last.type == "response.incomplete"
    answer = last.response
    return (
        answer.incomplete_details.reason,
        answer.output_text,
        answer.usage.output_tokens_details.reasoning_tokens,
    )


def messages(headers: dict[str, str], limit: int) -> tuple[str, str, int]:
    """Messages, whose usage tells no thought apart."""
    with anthropic.Anthropic() as client:
        answer: Any = client.messages.create(
            model="claude-sonnet-5-5", messages=MESSAGES, max_tokens=limit, extra_headers=headers
        )
    return answer.stop_reason, answer.content[0].text, 0


@pytest.mark.parametrize(
    ("ask", "ended"), [(chat, "length"), (responses, "max_output_tokens"), (messages, "max_tokens")]
)
def test_an_answer_ends_at_its_limit(
    ask: Callable[..., tuple[str, str, int]], ended: str, provider: ScriptedProvider
) -> None:
    """Its beginning comes, its end does not, and the limit is billed to the token."""
    reason, said, _ = ask(told(), 60)
    assert (reason, said) == (ended, WORDS[: 4 * 60])
    assert provider.served[-1]["tokens"]["output"] == 60


@pytest.mark.parametrize("ask", [chat, responses])
def test_thoughts_come_out_of_the_limit(
    ask: Callable[..., tuple[str, str, int]], provider: ScriptedProvider
) -> None:
    """Until nothing is left to answer with."""
    _, said, thought = ask(told(reasoning=500), 300)
    assert (said, thought) == ("", 300)


def test_a_refusal_says_when_to_come_back_or_does_not(provider: ScriptedProvider) -> None:
    """As often as was told, with each status in turn; then it answers, and bills what was told beside."""
    waits = []
    for seconds in (2.5, None):
        headers = told(refusals=(429, 529), retry_after=seconds, more_input=1_000, more_output=2_000)
        agent = {TOLD: headers[TOLD].replace("teller", f"teller {seconds}")}
        with anthropic.Anthropic(max_retries=0) as client:
            for status in (429, 529):
                with pytest.raises(anthropic.APIStatusError) as refused:
                    client.messages.create(model="m", messages=MESSAGES, max_tokens=900, extra_headers=agent)
                assert refused.value.status_code == status
                waits.append(refused.value.response.headers.get("retry-after-ms"))
            client.messages.create(model="m", messages=MESSAGES, max_tokens=900, extra_headers=agent)
    used = provider.served[-1]["tokens"]
    assert waits == ["2500", "2500", None, None]
    assert (used["input"] > 1_000, used["output"] > 2_000) == (True, True)
