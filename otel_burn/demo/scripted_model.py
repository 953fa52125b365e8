"""What does the scripted model answer, and what does it bill? The same question, the same answer."""

import hashlib
from collections import Counter
from dataclasses import dataclass, field, replace
from threading import Lock

from otel_burn.demo.dialogue import Answer, Consumption, Prompt, ToolUse, canonical, tokens
from otel_burn.demo.prompt_cache import Counting, PromptCache
from otel_burn.demo.scripts import Script, Step, script_for


@dataclass(frozen=True)
class Refused:
    """Too many requests, says the provider; come back in *seconds*."""

    script: Script
    seconds: float = 0.25


@dataclass
class ScriptedModel:
    """Follows the scripts. It remembers what is cached, whom it refused, and how often it was asked what."""

    salt: str = ""
    """Two models with the same salt give the same ids; real providers never give one twice."""
    cache: PromptCache = field(default_factory=PromptCache)
    _asked: Counter[str] = field(default_factory=Counter)
    _refused: set[tuple[str, int]] = field(default_factory=set)
    _lock: Lock = field(default_factory=Lock)

    def answer(self, prompt: Prompt, counting: Counting) -> tuple[Script, Answer | Refused]:
        """The next step of the script of whoever asks."""
        script = script_for(prompt.system)
        with self._lock:
            if prompt.turn in script.refused and (script.agent, prompt.turn) not in self._refused:
                self._refused.add((script.agent, prompt.turn))
                return script, Refused(script)
            question = canonical([prompt.model, [block.text for block in prompt.blocks]])
            self._asked[question] += 1
            identity = hashlib.sha256(f"{self.salt} {self._asked[question]} {question}".encode()).hexdigest()[
                :16
            ]
            consumption = counting(self.cache, prompt)
        return script, _answer(identity, prompt, script.at(prompt.turn), consumption)


def _answer(identity: str, prompt: Prompt, step: Step, consumption: Consumption) -> Answer:
    tools = tuple(
        ToolUse(f"{identity}{number}", name, arguments) for number, (name, arguments) in enumerate(step.tools)
    )
    spoken = tokens(step.text) + sum(tokens(canonical([tool.name, tool.arguments])) for tool in tools)
    reasoning = step.reasoning if _thinks(prompt.model) else 0
    return Answer(
        id=identity,
        model=prompt.model,
        text=step.text,
        tools=tools,
        consumption=replace(consumption, output=spoken + reasoning, reasoning=reasoning),
    )


def _thinks(model: str) -> bool:
    return model.startswith(("gpt-5", "gemini-"))
