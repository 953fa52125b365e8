"""How do signals that reach `otel-burn run` reach the program that it runs? Each once, as if we weren't there."""

import contextlib
import signal
import subprocess
from collections.abc import Callable, Iterator, Mapping
from typing import Final

_PASSED: Final = frozenset(
    {signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2}
)
_SENT_BY_A_PROCESS: Final = 0
"""`si_code` of a signal from `kill` or `sigqueue` is zero or less; the kernel's own are above."""


def run_program(
    command: list[str], environment: Mapping[str, str], *, every: float, meanwhile: Callable[[], None]
) -> int:
    """Run *command* to its end, calling *meanwhile* *every* so many seconds, and return its exit status.

    The status is as `subprocess` tells it: negative for the signal that ended it. What the terminal signals
    (Ctrl-C) the kernel sends to the whole process group, the program included; what another process sends to
    us alone is passed on. Raises `FileNotFoundError` or `PermissionError` for a program that can't be run.
    """
    run = _run_waiting if hasattr(signal, "sigtimedwait") else run_handling
    return run(command, environment, every, meanwhile)


def _run_waiting(
    command: list[str], environment: Mapping[str, str], every: float, meanwhile: Callable[[], None]
) -> int:
    """With signals waited for, which tells who sent one."""
    watched = _PASSED | {signal.SIGCHLD}
    before = signal.pthread_sigmask(signal.SIG_BLOCK, watched)
    try:
        program = subprocess.Popen(
            command, env=environment, preexec_fn=lambda: signal.pthread_sigmask(signal.SIG_SETMASK, before)
        )
        while (status := program.poll()) is None:
            got = signal.sigtimedwait(watched, every)
            if got is None:
                meanwhile()
            elif got.si_signo != signal.SIGCHLD and got.si_code <= _SENT_BY_A_PROCESS:
                program.send_signal(got.si_signo)
        return status
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def run_handling(
    command: list[str], environment: Mapping[str, str], every: float, meanwhile: Callable[[], None]
) -> int:
    """With signals handled, where they can't be waited for (macOS): a SIGINT counts as the terminal's."""
    with subprocess.Popen(command, env=environment) as program, _handlers(program):
        while True:
            try:
                return program.wait(every)
            except subprocess.TimeoutExpired:
                meanwhile()


@contextlib.contextmanager
def _handlers(program: subprocess.Popen[bytes]) -> Iterator[None]:
    passed = _PASSED - {signal.SIGINT}
    before = {number: signal.signal(number, lambda got, _: program.send_signal(got)) for number in passed}
    before[signal.SIGINT] = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
