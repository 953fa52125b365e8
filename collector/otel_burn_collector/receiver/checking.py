"""Who parses a body? This process, or for a large one another that may fail in its place."""

import asyncio
import json
import sys
from contextlib import suppress
from typing import Any

from otel_burn_collector.journal.records import Encoding
from otel_burn_collector.otlp.signals import Signal
from otel_burn_collector.receiver.answers import RefusedError
from otel_burn_collector.receiver.checker import MEMORY_BYTES, QUESTION

SECONDS = 30.0
"""For a large body to be parsed: legitimate ones of 64 MiB take one or two."""


class LargeBodies:
    """Checks large bodies, one after the other, in a process of its own that starts when it is first needed."""

    def __init__(self) -> None:
        self._turn = asyncio.Lock()
        self._process: asyncio.subprocess.Process | None = None

    async def rejected_items(self, signal: Signal, body: bytes, encoding: Encoding) -> int | None:
        """As `otlp.checking.rejected_items`; `RefusedError` for a body that takes too much memory or time."""
        async with self._turn:
            process = await self._running()
            try:
                answer = await asyncio.wait_for(_ask(process, signal, body, encoding), SECONDS)
            except (TimeoutError, OSError, asyncio.IncompleteReadError):
                answer = {"wrong": None, "last": True}
            except asyncio.CancelledError:
                self._process = None  # it is in the middle of an answer
                process.kill()
                raise
            if answer["last"]:
                await self._end(process)
        if "wrong" not in answer:
            rejected: int | None = answer["rejected"]
            return rejected
        if answer["wrong"] is None:
            spent = f"{SECONDS:.0f} seconds and {MEMORY_BYTES >> 30} GiB"
            raise RefusedError(
                413, f"The request holds more items than can be read in {spent}. Send smaller batches."
            )
        raise ValueError(answer["wrong"])

    async def _running(self) -> asyncio.subprocess.Process:
        if self._process is None or self._process.returncode is not None:
            command = (sys.executable, "-P", "-m", "otel_burn_collector.receiver.checker")
            pipe = asyncio.subprocess.PIPE
            try:
                self._process = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe)
            except OSError as error:
                raise RefusedError(
                    503, f"No process can be started for a large request ({error})."
                ) from error
        return self._process

    async def _end(self, process: asyncio.subprocess.Process) -> None:
        self._process = None
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def _ask(
    process: asyncio.subprocess.Process, signal: Signal, body: bytes, encoding: Encoding
) -> dict[str, Any]:
    stdin, stdout = process.stdin, process.stdout
    assert stdin is not None and stdout is not None, "started with pipes"  # noqa: S101
    stdin.write(QUESTION.pack(encoding & Encoding.JSON, signal.name.encode(), len(body)))
    stdin.write(body)
    await stdin.drain()
    answer: dict[str, Any] = json.loads(await stdout.readuntil(b"\n"))
    return answer
