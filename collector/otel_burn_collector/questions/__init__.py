"""Which questions are answered ready-made? The SQL files beside this one: a title, what to know, one SELECT."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from otel_burn.errors import BurnError

_PARAMETER = re.compile(r"\$([a-z]\w*)")


@dataclass(frozen=True)
class ReadyQuestion:
    """A question that everybody asks."""

    name: str
    title: str
    about: str
    sql: str

    @property
    def parameters(self) -> tuple[str, ...]:
        """What can be given with `--param`; what is not given is NULL."""
        return tuple(dict.fromkeys(_PARAMETER.findall(self.sql)))

    def bind(self, given: Mapping[str, str]) -> dict[str, object]:
        """Every parameter's value; `BurnError` for one that the question does not have."""
        for name in given:
            if name not in self.parameters:
                takes = ", ".join(self.parameters) or "none"
                raise BurnError(f"The query {self.name!r} has no parameter {name!r}. It has: {takes}.")
        return {name: given.get(name) for name in self.parameters}


@cache
def questions() -> Mapping[str, ReadyQuestion]:
    """All of them by name."""
    folder = files("otel_burn_collector.questions")
    texts = {
        path.name: path.read_text(encoding="utf-8") for path in folder.iterdir() if path.name.endswith(".sql")
    }
    return {
        name.removesuffix(".sql"): _read(name.removesuffix(".sql"), text)
        for name, text in sorted(texts.items())
    }


def question(name: str) -> ReadyQuestion:
    """The one called *name*; `BurnError` when there is none."""
    if name not in questions():
        raise BurnError(f"There is no query {name!r}. `otel-burn sql --list` shows those that there are.")
    return questions()[name]


def listing() -> str:
    """Names, titles and parameters, for eyes."""
    width = max(map(len, questions()))
    lines = [
        f"{one.name:<{width}}  {one.title}" + "".join(f" [{name}]" for name in one.parameters)
        for one in questions().values()
    ]
    return "\n".join([*lines, ""])


def _read(name: str, text: str) -> ReadyQuestion:
    title, about, sql = text.split("\n", 2)
    return ReadyQuestion(name, title.removeprefix("-- "), about.removeprefix("-- "), sql)
