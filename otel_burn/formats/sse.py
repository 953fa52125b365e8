"""What are the events of a server-sent event stream? The framing that OpenAI, Anthropic and others share."""

from collections.abc import Iterator

from otel_burn.formats.fields import decoded

DONE = "[DONE]"


def events(body: bytes) -> Iterator[dict[str, object]]:
    """Yield the JSON object of each complete event in *body*, in order; `{"done": True}` for `[DONE]`.

    Framing after the WHATWG specification: lines end with LF, CRLF or CR; an event's data lines are joined
    with a line feed; comments and other fields are skipped. Data that is not a JSON object is skipped too,
    and so is an event that the stream's end cut off.
    """
    lines: list[bytes] = []
    for line in body.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n"):
        if line.startswith(b"data:"):
            lines.append(line[5:].removeprefix(b" "))
        elif not line and lines:
            if event := _decoded(b"\n".join(lines)):
                yield event
            lines = []
    if lines and (event := _decoded(b"\n".join(lines))):  # servers leave out the last blank line
        yield event


def _decoded(data: bytes) -> dict[str, object]:
    return {"done": True} if data.strip() == DONE.encode() else decoded(data)
