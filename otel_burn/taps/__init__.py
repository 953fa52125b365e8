"""Which HTTP clients are tapped? One row a library; a tap is put in once the library is imported."""

from __future__ import annotations

import importlib
import sys
import threading
from typing import TYPE_CHECKING, Final

from otel_burn.firewall import guarded
from otel_burn.taps.import_hook import ImportHook

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    from otel_burn.taps.observer import Observer

TAPS: Final = {
    "httpx": "otel_burn.taps.httpx_send",
    "httpx2": "otel_burn.taps.httpx_send",
    "aiohttp": "otel_burn.taps.aiohttp_request",
    "requests": "otel_burn.taps.prepared_send",
    "botocore.httpsession": "otel_burn.taps.prepared_send",
    "urllib3": "otel_burn.taps.urllib3_urlopen",
}
"""By library, the module whose `install(module, observer)` taps it and returns what takes the tap out again.

Names, not modules: a program that never imports an HTTP client imports nothing of ours beyond this file.
"""


class Taps:
    """The taps of this process: put in for the libraries that are imported, now or later."""

    def __init__(self, observer: Observer) -> None:
        self._observer = observer
        self._tapped: dict[str, ModuleType] = {}
        self._removals: list[Callable[[], None]] = []
        self._hook = ImportHook(TAPS, self._install)
        self._changing = threading.RLock()  # a library may be imported in one thread while another takes out
        self._in = False

    @property
    def active(self) -> list[str]:
        """The libraries that are tapped."""
        return sorted(self._tapped)

    def put_in(self) -> None:
        """Tap what is imported already, and wait for the rest."""
        self._in = True
        self._hook.put_in()
        for name in TAPS:
            if module := sys.modules.get(name):
                self._install(name, module)

    def take_out(self) -> None:
        """Leave every library as it was."""
        with self._changing:
            self._in = False
            self._hook.take_out()
            while self._removals:
                self._removals.pop()()
            self._tapped.clear()

    @guarded
    def _install(self, name: str, module: ModuleType) -> None:
        if self._tapped.get(name) is module:
            return  # not by name alone: tests import a library anew
        tap = importlib.import_module(TAPS[name])  # not under the lock: an import waits for others
        with self._changing:
            remove = tap.install(module, self._observer) if self._in else None
            if remove is not None:
                self._tapped[name] = module
                self._removals.append(remove)
