"""What does the scripted model answer, and what does it bill? The same question, the same answer."""

import hashlib
from collections import Counter
from dataclasses import dataclass, field, replace
from threading import Lock

from otel_burn.demo.dialogue import BYTES_A_TOKEN, Answer, Consumption, Prompt, ToolUse, canonical, tokens
from otel_burn.demo.prompt_cache import Counting, PromptCache
from otel_burn.demo.scripts import Script, Step


@dataclass(frozen=True)
class Refused:
    """Not now, says the provider; come back in *seconds*, if it tells any."""

    status: int
    seconds: float | None


@dataclass
class ScriptedModel:
    """Follows the scripts. It remembers what is cached, whom it refused, and how often it was asked what."""

    salt: str = ""
    """Two models with the same salt give the same ids; real providers never give one twice."""
    cache: PromptCache = field(default_factory=PromptCache)
    _asked: Counter[str] = field(default_factory=Counter)
    _refused: Counter[tuple[str, int]] = field(default_factory=Counter)
    _lock: Lock = field(default_factory=Lock)

    def answer(self, prompt: Prompt, counting: Counting, script: Script) -> Answer | Refused:
        """The next step of the *script* of whoever asks."""
        step, turn = script.at(prompt.turn), (script.agent, prompt.turn)
        with self._lock:
            if self._refused[turn] < len(step.refusals):
                self._refused[turn] += 1
                return Refused(step.refusals[self._refused[turn] - 1], step.retry_after)
            question = canonical([prompt.model, [block.text for block in prompt.blocks]])
            self._asked[question] += 1
            identity = hashlib.sha256(f"{self.salt} {self._asked[question]} {question}".encode()).hexdigest()[
                :16
            ]
            consumption = counting(self.cache, prompt)
        return _answer(identity, prompt, step, consumption)


def _answer(identity: str, prompt: Prompt, step: Step, consumption: Consumption) -> Answer:
    tools = tuple(
        ToolUse(f"{identity}{number}", name, arguments) for number, (name, arguments) in enumerate(step.tools)
    )
    reasoning = step.reasoning if _thinks(prompt.model) else 0
    asked = sum(tokens(canonical([tool.name, tool.arguments])) for tool in tools)
    cut = prompt.limit is not None and prompt.limit < reasoning + tokens(step.text) + asked
    if prompt.limit is not None and cut:
        reasoning, tools, asked = min(reasoning, prompt.limit), (), 0
        text = step.text.encode()[: BYTES_A_TOKEN * (prompt.limit - reasoning)].decode(errors="ignore")
    else:
        text = step.text
    spoken = tokens(text) + asked + step.more_output
    return Answer(
        id=identity,
        model=prompt.model,
        text=text,
        tools=tools,
        consumption=replace(
            consumption,
            uncached=consumption.uncached + step.more_input,
            output=spoken + reasoning,
            reasoning=reasoning,
        ),
        cut=cut,
    )


def _thinks(model: str) -> bool:
    return model.startswith(("gpt-5", "gemini-"))
