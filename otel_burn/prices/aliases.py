"""Which model stands behind a name of one's own? A user's file for deployments, profiles and routers.

    # ~/.otel-burn/aliases.toml
    [models]
    "my-prod-gpt" = "gpt-4o-2024-08-06"
    "arn:aws:bedrock:us-east-1:111122223333:application-inference-profile/abc123" = "global.anthropic.claude-opus-5-5"
    "team-router/*" = { provider = "anthropic", model = "claude-sonnet-5-5", region = "us" }

A `*` stands for anything; an exact name comes first, then the patterns in their order.
"""

import logging
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from otel_burn import locations
from otel_burn.errors import BurnError
from otel_burn.prices.sellers import find_model

VARIABLE: Final = "OTEL_BURN_ALIASES"
KEYS: Final = frozenset({"provider", "model", "region"})
EXAMPLE: Final = '[models]\n"my-deployment" = "gpt-5"'


@dataclass(frozen=True, slots=True)
class Target:
    """What a name stands for; what is None stays as the call says."""

    model: str
    provider: str | None = None
    region: str | None = None


@dataclass(frozen=True)
class Aliases:
    """The names of a file, and what they stand for."""

    exact: Mapping[str, Target] = field(default_factory=dict)
    patterns: tuple[tuple[str, Target], ...] = ()

    def find(self, name: str | None) -> Target | None:
        """What *name* stands for."""
        if not name or not (self.exact or self.patterns):
            return None
        if found := self.exact.get(name):
            return found
        return next((target for pattern, target in self.patterns if fnmatchcase(name, pattern)), None)


NONE: Final = Aliases()


def path() -> Path:
    """Where the user's file is: `OTEL_BURN_ALIASES`, else beside the database."""
    named = os.environ.get(VARIABLE)
    return Path(named) if named else locations.database().parent / "aliases.toml"


def load(file: Path | None = None) -> Aliases:
    """The aliases of *file*, or of the user's own where there is one; `BurnError` says what is wrong in it."""
    chosen = file or path()
    try:
        stamp = chosen.stat().st_mtime_ns
    except OSError as error:
        if file is None and VARIABLE not in os.environ:
            return NONE
        raise BurnError(f"The file of aliases {chosen} cannot be read: {error.strerror}.") from error
    return _load(chosen, stamp)


def current() -> Aliases:
    """The user's aliases, read again when the file changes; none, said in the log once, while it is wrong."""
    try:
        return load()
    except BurnError as error:
        _warn_once(str(error))
        return NONE


@lru_cache(maxsize=16)
def _warn_once(sentence: str) -> None:
    logging.getLogger(__name__).warning("%s Calls are priced without aliases until it is right.", sentence)


@lru_cache(maxsize=4)
def _load(file: Path, _stamp: int) -> Aliases:
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise BurnError(
            f"The file of aliases {file} is no TOML: {error}. It looks like:\n{EXAMPLE}"
        ) from error
    models = content.get("models", {})
    if not isinstance(models, dict) or set(content) - {"models"}:
        raise BurnError(f"The file of aliases {file} has {sorted(content)}; it needs one table:\n{EXAMPLE}")
    targets = {name: _target(file, name, said) for name, said in models.items()}
    return Aliases(
        {name: target for name, target in targets.items() if "*" not in name},
        tuple((name, target) for name, target in targets.items() if "*" in name),
    )


def _target(file: Path, name: str, said: Any) -> Target:
    given = {"model": said} if isinstance(said, str) else said
    if not isinstance(given, dict) or "model" not in given or set(given) - KEYS:
        raise BurnError(
            f"{file}: the alias {name!r} is {said!r}. Give a model's name, or a table with `model` and, where "
            "needed, `provider` and `region`."
        )
    if not all(isinstance(value, str) for value in given.values()):
        raise BurnError(f"{file}: the alias {name!r} has a value that is no text: {given!r}.")
    target = Target(**given)
    if target.provider and find_model(target.provider, target.model, None, target.region) is None:
        raise BurnError(
            f"{file}: the alias {name!r} stands for {target.model!r} of {target.provider!r}, which is on no price list."
        )
    return target
