"""What does an OpenAI audio exchange say? Speech to text and text to speech, billed by token, second or character."""

from collections.abc import Iterable
from typing import Any, Final

from otel_burn import manifest
from otel_burn.exchange import Block, BlockKind, Request, Response
from otel_burn.formats.body import Body
from otel_burn.formats.fields import Json, mapping, parameters, raw, text
from otel_burn.formats.format import About, Format, Part
from otel_burn.formats.openai_chat import deployment, error_of
from otel_burn.formats.openai_usage import read_usage
from otel_burn.usage import Usage

_BY_CHARACTER: Final = "tts-"
"""How the models are called that bill the characters of their input; later ones bill tokens."""
_ENDS: Final = frozenset({"transcript.text.done", "transcription.done", "speech.audio.done"})
"""The events that end a stream: OpenAI's transcripts, Mistral's, and speech."""


def is_transcription(body: Body) -> bool:
    """Whether *body* has the shape of a form to transcribe or translate; its file is not seen."""
    return "messages" not in body and isinstance(body.get("model", ""), str)


def is_speech(body: Body) -> bool:
    """Whether *body* has the shape of a request to speak."""
    return isinstance(body.get("input"), str)


def read_request(body: Body, path: str) -> Request:
    """The request; a form says everything in words."""
    return Request(
        model=text(body, "model") or deployment(path),
        stream=body.get("stream") in (True, "true") or body.get("stream_format") == "sse",
        parameters=parameters(body),
    )


def read_transcription(body: Json, about: About) -> Response:
    """The response from a whole body; one that is text or subtitles tells nothing."""
    usage = mapping(body, "usage")
    return Response(
        id=text(body, "id"),
        model=text(body, "model") or about.headers.get("x-ms-served-model"),
        usage=read_usage(usage),
        usage_raw=raw(usage),
        region=about.headers.get("x-ms-region"),
        error_type=error_of(body),
    )


def read_speech(body: Json, about: About) -> Response:
    """The response from a whole body, which is sound unless it is an error."""
    spoken = about.headers.get("content-type", "").startswith(_SOUND)
    return Response(usage=_characters(about.asked) if spoken else None, error_type=error_of(body))


_SOUND: Final = ("audio/", "application/octet-stream")


def _characters(asked: Body) -> Usage | None:
    model, said = text(asked, "model") or "", text(asked, "input") or ""
    return Usage(units={"characters": len(said)}) if model.startswith(_BY_CHARACTER) else None


class Stream:
    """A streamed transcript or speech, complete with its `….done` event, which carries the usage."""

    def __init__(self, about: About) -> None:
        self._about = about
        self._last: Json = {}
        self._complete = False

    def add(self, event: Json) -> None:
        """Take in the next event."""
        if text(event, "type") in _ENDS:
            self._last, self._complete = event, True
        elif event.get("type") == "error" or "error" in event:
            self._last = event if "error" in event else {"error": event}

    def response(self) -> Response:
        """The response as far as it came."""
        usage = mapping(self._last, "usage")
        return Response(
            model=text(self._last, "model"),
            usage=read_usage(usage),
            usage_raw=raw(usage),
            complete=self._complete,
            error_type=error_of(self._last),
        )


def _words(value: Any) -> Iterable[Block]:
    if isinstance(value, str):
        yield manifest.block(BlockKind.USER, value)


def _instructions(value: Any) -> Iterable[Block]:
    if isinstance(value, str):
        yield manifest.block(BlockKind.SYSTEM, value)


TRANSCRIPTION: Final = Format(
    name="openai_transcription",
    operation="generate_content",
    paths=("/audio/transcriptions", "/audio/translations"),
    provider="openai_compatible",
    is_request=is_transcription,
    read_request=read_request,
    context=(Part("prompt", _words),),
    read_response=read_transcription,
    stream=Stream,
    opaque=True,
)

SPEECH: Final = Format(
    name="openai_speech",
    operation="generate_content",
    paths=("/audio/speech",),
    provider="openai_compatible",
    is_request=is_speech,
    read_request=read_request,
    context=(Part("instructions", _instructions), Part("input", _words)),
    read_response=read_speech,
    stream=Stream,
    opaque=True,
)
