"""Who reads logs while what they tell is loaded? A process of its own: reading keeps a core busy as long as loading."""

import signal
from collections.abc import Sequence
from contextlib import suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any, Final

from otel_burn.errors import BurnError
from otel_burn_collector.session_logs.remembering import Fresh
from otel_burn_collector.session_logs.taking import Sink, Taken, take_logs

WORTH_BYTES: Final = 32 << 20
"""Of logs: less is read before a process has begun."""
_TAKEN: Final = "taken"


class _Pipe:
    """The sink in the process that reads: whatever is called here is called there."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def __getattr__(self, name: str) -> Any:
        return lambda *values: self._connection.send((name, values))


def take_apart(found: Sequence[Fresh], sink: Sink, taken: Taken, *, since_ns: int, now_ns: int) -> Taken:
    """`take_logs` in a process of its own, which ends with this. Raises `BurnError` where it ends before."""
    context = get_context("spawn")  # a fork would copy DuckDB without its threads
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(
        target=_read, args=(theirs, found, taken), kwargs={"since_ns": since_ns, "now_ns": now_ns}
    )
    process.start()
    theirs.close()
    try:
        while True:
            name, values = ours.recv()
            if name == _TAKEN:
                return values  # type: ignore[no-any-return]
            getattr(sink, name)(*values)
    except EOFError:
        process.join()
        raise BurnError(
            f"The process that reads the logs ended by itself (exit code {process.exitcode}). "
            "Import again: what landed counts once."
        ) from None
    finally:
        ours.close()
        process.terminate()
        process.join()


def _read(connection: Connection, found: Sequence[Fresh], taken: Taken, **times: int) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal sends it to both; who asked ends this one
    with suppress(BrokenPipeError):
        connection.send((_TAKEN, take_logs(found, _Pipe(connection), taken, **times)))
