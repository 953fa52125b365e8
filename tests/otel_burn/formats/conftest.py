"""How do the tests of formats put an exchange on the wire and read it back?"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from otel_burn.answers import Answer
from otel_burn.exchange import Block, Request, Response
from otel_burn.formats import recognise
from otel_burn.formats.body import Body
from otel_burn.formats.format import About, Format

SSE = "text/event-stream"


@dataclass
class Exchange:
    """One exchange, as it was read."""

    format: Format
    request: Request
    context: list[Block]
    response: Response


Exchanged = Callable[..., Exchange]


@pytest.fixture
def exchanged() -> Exchanged:
    """Call it with path, request and answer: an object is a whole body, a list are the events of a stream."""

    def exchange(path: str, asked: Any, said: Any, *, kind: str = SSE, method: str = "POST") -> Exchange:
        body = Body(json.dumps(asked).encode())
        spoken = next(one for one in recognise(method, path) if one.is_request(body))
        if not isinstance(said, list):
            kind, data = "application/json", json.dumps(said)
        elif kind == SSE:
            data = "".join(f"event: message\r\ndata: {json.dumps(event)}\r\n\r\n" for event in said)
        elif kind == "application/json":
            data = json.dumps(said, indent=1)
        else:
            data = "".join(f"{json.dumps(event)}\n" for event in said)
        answer = Answer(spoken, About(path, body, {"content-type": kind}), encoded=False)
        for at in range(0, len(data), 7):
            answer.feed(data.encode()[at : at + 7])
        return Exchange(spoken, spoken.read_request(body, path), spoken.blocks(body), answer.response())

    return exchange
