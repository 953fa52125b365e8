"""How is a method of somebody else's class replaced once its module is imported, and left as it was?"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from otel_burn.firewall import guarded
from otel_burn.taps.import_hook import ImportHook

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import ModuleType

Method = Callable[..., Any]
Patch = tuple[str, str, Callable[[Method, "Patches"], Method]]
"""A class of the module, its method, and what makes the method in its place of the original and these patches."""


class Patches:
    """Patches by module name, while they are put in. Nothing is imported for them."""

    def __init__(self, table: Mapping[str, Patch]) -> None:
        self.active = False
        """Whether they shall do anything: where somebody wraps a patched method, it can't be taken out."""
        self._table = table
        self._patched: dict[str, Callable[[], None]] = {}
        self._hook = ImportHook(table, self._patch)

    def put_in(self) -> None:
        """Patch what is imported, and wait for the rest; a second time changes nothing."""
        self.active = True
        self._hook.put_in()
        for name in self._table:
            if module := sys.modules.get(name):
                self._patch(name, module)

    def take_out(self) -> None:
        """Leave every class as it was."""
        self.active = False
        self._hook.take_out()
        while self._patched:
            self._patched.popitem()[1]()

    @guarded
    def _patch(self, name: str, module: ModuleType) -> None:
        class_name, method, patch = self._table[name]
        owner = getattr(
            module, class_name, None
        )  # None where the import isn't at its end: the hook comes back
        if owner is None or name in self._patched:
            return
        original = getattr(owner, method)
        patched = functools.wraps(original)(patch(original, self))
        setattr(owner, method, patched)
        self._patched[name] = functools.partial(_restore, owner, method, original, patched)


def _restore(owner: Any, method: str, original: Method, patched: Method) -> None:
    if getattr(owner, method) is patched:
        setattr(owner, method, original)
