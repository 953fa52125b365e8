"""How do commands get into the journal? With the token, from this machine, and only those that there are."""

import json
from base64 import b64decode
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from otel_burn_collector.journal.records import Encoding, Kind
from otel_burn_collector.otlp.signals import BY_NAME, Signal
from otel_burn_collector.receiver.answers import RefusedError
from otel_burn_collector.receiver.gate import Gate
from otel_burn_collector.receiver.intake import Intake
from otel_burn_collector.receiver.requests import read_body


class Commands:
    """Takes commands, over HTTP."""

    def __init__(self, gate: Gate, intake: Intake) -> None:
        self._gate = gate
        self._intake = intake

    async def __call__(self, request: Request) -> Response:
        """Journal one of the commands that there are."""
        try:
            self._gate.require_local(request)
            self._gate.require_token(request)
            # A body of the largest size in base64, and what is around it.
            with self._intake.claim() as claim:
                body = await read_body(request, self._intake.limit * 3 // 2, claim)
                position = await self._take(body)
        except RefusedError as refusal:
            return JSONResponse({"error": str(refusal)}, refusal.status, refusal.headers)
        return JSONResponse({"journal": list(position)})

    async def _take(self, body: bytes) -> tuple[int, int]:
        try:
            said = json.loads(body)
            if isinstance(said, dict) and said.get("verb") == "import":
                return (await self._intake.take(*_import(said))).position
            ends_segment = await run_in_threadpool(_check, said)
        except (ValueError, RecursionError) as error:
            raise RefusedError(400, f"The command cannot be carried out: {error}.") from error
        return await self._intake.record(Kind.COMMAND, Encoding.JSON, body, ends_segment=ends_segment)


def _check(said: Any) -> bool:
    """Whether the command *said* ends its segment; `ValueError` unless the store can carry it out."""
    # DuckDB, Arrow and the ledger: a receiver that gets no commands starts in a third of the time without them.
    from otel_burn_collector.store import commands  # noqa: PLC0415

    commands.check(said)
    return said["verb"] in commands.END_SEGMENT


def _import(said: dict[str, Any]) -> tuple[Signal, bytes, Encoding]:
    signal, encoding, body = (said.get(key) for key in ("signal", "encoding", "body"))
    if signal not in BY_NAME or encoding not in ("protobuf", "json") or not isinstance(body, str):
        raise ValueError(
            f"import needs `signal` ({', '.join(BY_NAME)}), `encoding` (protobuf, json) and `body` (base64)"
        )
    written = Encoding.JSON if encoding == "json" else Encoding.PLAIN
    return BY_NAME[signal], b64decode(body, validate=True), written
