"""How is a library tapped that the program has not imported yet? By being told when it does."""

import importlib.abc
import importlib.machinery
import importlib.util
import sys
from collections.abc import Callable, Container, Sequence
from types import ModuleType
from typing import Any

OnLoaded = Callable[[str, ModuleType], None]


class ImportHook(importlib.abc.MetaPathFinder):
    """Calls back once each time one of the *watched* modules has been executed."""

    def __init__(self, watched: Container[str], on_loaded: OnLoaded) -> None:
        self._watched = watched
        self._on_loaded = on_loaded
        self._searching = False

    def put_in(self) -> None:
        """Start to watch."""
        if self not in sys.meta_path:
            sys.meta_path.insert(0, self)

    def take_out(self) -> None:
        """Stop to watch."""
        if self in sys.meta_path:
            sys.meta_path.remove(self)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """The spec that the other finders give, its loader wrapped; None for what we don't watch."""
        if fullname not in self._watched or self._searching:
            return None
        self._searching = True  # for all threads: the import system asks one finder at a time
        try:
            spec = importlib.util.find_spec(fullname)
        finally:
            self._searching = False
        if spec is not None and spec.loader is not None:
            spec.loader = _Loader(spec.loader, self._on_loaded)
        return spec


class _Loader(importlib.abc.Loader):
    """Executes the module as its own loader does, puts that loader back, and tells."""

    def __init__(self, own: importlib.abc.Loader, on_loaded: OnLoaded) -> None:
        self._own = own
        self._on_loaded = on_loaded

    def __getattr__(self, name: str) -> Any:
        # Whoever looks a module up without importing it finds all that its own loader can do.
        if name == "_own":
            raise AttributeError(name)
        return getattr(self._own, name)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType | None:
        return self._own.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        spec = module.__spec__
        if spec is not None and spec.loader is self:
            spec.loader = self._own
            module.__loader__ = self._own
        self._own.exec_module(module)
        self._on_loaded(module.__name__, module)
