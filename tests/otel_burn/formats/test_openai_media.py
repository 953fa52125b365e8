"""Are OpenAI's completions, embeddings, images, audio and assistants' runs read as they are billed?"""

import json
from collections.abc import Callable, Iterator
from typing import Any

import openai
import pytest
from opentelemetry.sdk.trace import ReadableSpan

from otel_burn import names
from otel_burn.answers import Answer
from otel_burn.exchange import Response
from otel_burn.formats import (
    openai_assistants,
    openai_audio,
    openai_chat,
    openai_completions,
    openai_embeddings,
    openai_images,
)
from otel_burn.formats.body import Body
from otel_burn.formats.format import About, Format
from otel_burn.usage import Usage

Spans = Callable[[], list[ReadableSpan]]
Json = dict[str, Any]


@pytest.fixture
def sdk(server: Any) -> Iterator[openai.OpenAI]:
    """The real SDK, towards the loopback server."""
    with openai.OpenAI(base_url=f"{server.url}/v1", max_retries=0) as client:
        yield client


def sse(*events: Json) -> list[bytes]:
    """A stream of *events*."""
    return [f"data: {json.dumps(event)}\n\n".encode() for event in events]


def only(spans: Spans) -> dict[str, Any]:
    """The attributes of the only span."""
    (span,) = spans()
    return dict(span.attributes or {})


def read(spoken: Format, asked: Json, body: bytes, kind: str = "application/json") -> Response:
    """An answer of the content type *kind*, read."""
    reading = Answer(
        spoken, About("/v1/x", Body(json.dumps(asked).encode()), {"content-type": kind}), encoded=False
    )
    reading.feed(body)
    return reading.response()


def test_completions(server: Any, spans: Spans, sdk: openai.OpenAI) -> None:
    """A prompt is the context, the usage is the chat's, and a stream is read like a whole body."""
    usage = {"prompt_tokens": 4, "completion_tokens": 2, "total_tokens": 6}
    text: Json = {
        "id": "cmpl-1",
        "model": "gpt-3.5-turbo-instruct",
        "object": "text_completion",
        "created": 1,
    }
    server.say(text | {"choices": [{"index": 0, "text": "hello", "finish_reason": "stop"}], "usage": usage})
    server.stream(
        [*sse(
            text | {"choices": [{"index": 0, "text": "hel", "finish_reason": None}]},
            text | {"choices": [{"index": 0, "text": "lo", "finish_reason": "stop"}]},
            text | {"choices": [], "usage": usage},
        ), b"data: [DONE]\n\n"]
    )  # fmt: skip
    sdk.completions.create(model="gpt-3.5-turbo-instruct", prompt=["say", "it"])
    list(sdk.completions.create(model="gpt-3.5-turbo-instruct", prompt=["say", "it"], stream=True))
    whole, streamed = (dict(span.attributes or {}) for span in spans())
    for found in (whole, streamed):
        assert found[names.OPERATION_NAME] == "text_completion"
        assert (found[names.USAGE_INPUT_TOKENS], found[names.USAGE_OUTPUT_TOKENS]) == (4, 2)
    assert whole[names.CONTEXT_KINDS] == ("user", "user")
    assert whole[names.OUTPUT_HASHES] == streamed[names.OUTPUT_HASHES]


def test_tokens_are_one_block() -> None:
    """A prompt of token ids is one block, and not one a token."""
    blocks = openai_completions.FORMAT.blocks(Body(json.dumps({"prompt": [1, 2, 3]}).encode()))
    assert len(blocks) == 1


def test_embeddings(server: Any, spans: Spans, sdk: openai.OpenAI) -> None:
    """All that is read is input; there is no output, and its size and encoding are what was asked for."""
    server.say({"object": "list", "model": "text-embedding-3-small", "usage": {"prompt_tokens": 8, "total_tokens": 8},
                "data": [{"object": "embedding", "index": 0, "embedding": [0.1]}]})  # fmt: skip
    sdk.embeddings.create(
        model="text-embedding-3-small", input=["a", "b"], dimensions=256, encoding_format="float"
    )
    found = only(spans)
    assert found[names.OPERATION_NAME] == "embeddings"
    assert found[names.USAGE_INPUT_TOKENS] == 8
    assert names.USAGE_OUTPUT_TOKENS not in found
    assert found[names.EMBEDDINGS_DIMENSION_COUNT] == 256
    assert found[names.REQUEST_ENCODING_FORMATS] == ("float",)
    assert found[names.CONTEXT_BLOCKS] == 2


def test_a_total_alone_is_what_was_read() -> None:
    """Voyage reports its embeddings' tokens as the total."""
    assert read(openai_embeddings.FORMAT, {}, b'{"usage": {"total_tokens": 12}}').usage == Usage(12)
    assert read(openai_embeddings.FORMAT, {}, b'{"usage": {}}').usage is None


IMAGE_USAGE = {
    "input_tokens": 50, "output_tokens": 4160, "total_tokens": 4210,
    "input_tokens_details": {"image_tokens": 40, "text_tokens": 10},
    "output_tokens_details": {"image_tokens": 4160, "text_tokens": 0},
}  # fmt: skip


def test_images_are_billed_by_token_and_by_piece(server: Any, spans: Spans, sdk: openai.OpenAI) -> None:
    """Newer models report tokens, older ones are counted by their images; both say how many there are."""
    server.say({"created": 1, "data": [{"b64_json": "eA=="}], "usage": IMAGE_USAGE})
    server.say({"created": 1, "data": [{"url": "x"}, {"url": "y"}]})
    sdk.images.generate(model="gpt-image-2", prompt="a cat")
    sdk.images.generate(model="dall-e-3", prompt="a cat", n=2)
    tokens, pieces = (dict(span.attributes or {}) for span in spans())
    assert (tokens[names.USAGE_INPUT_TOKENS], tokens[names.USAGE_OUTPUT_TOKENS]) == (50, 4160)
    assert (tokens[names.USAGE_IMAGE_INPUT_TOKENS], tokens[names.USAGE_IMAGE_OUTPUT_TOKENS]) == (40, 4160)
    assert (tokens["burn.usage.images"], pieces["burn.usage.images"]) == (1, 2)
    assert names.USAGE_INPUT_TOKENS not in pieces


def test_an_edit_is_a_form(server: Any, spans: Spans, sdk: openai.OpenAI) -> None:
    """The fields of the form are the request; its files are not looked at."""
    server.stream(
        sse(
            {"type": "image_edit.partial_image", "b64_json": "eA==", "partial_image_index": 0},
            {"type": "image_edit.completed", "b64_json": "eA==", "usage": IMAGE_USAGE},
        )
    )
    list(sdk.images.edit(model="gpt-image-2", prompt="a cat", image=b"png", stream=True))
    found = only(spans)
    assert found[names.REQUEST_MODEL] == "gpt-image-2"
    assert found[names.REQUEST_STREAM] is True
    assert found[names.CONTEXT_KINDS] == ("user",)
    assert (found[names.USAGE_OUTPUT_TOKENS], found["burn.usage.images"]) == (4160, 1)
    assert found[names.USAGE_STATUS] == "exact"


def test_what_writes_an_svg_is_another_model() -> None:
    """Its tokens are no part of the images', so they are a response of their own, at their own model's rates."""
    svg = {
        "model": "gpt-6",
        "input_tokens": 30,
        "output_tokens": 900,
        "reasoning_tokens": 400,
        "total_tokens": 930,
    }
    said = {
        "data": [{"b64_json": "x"}],
        "usage": {"input_tokens": 50, "output_tokens": 4160},
        "svg_usage": svg,
    }
    response = read(openai_images.FORMAT, {"prompt": "x"}, json.dumps(said).encode())
    assert response.usage == Usage(50, 4160, image_output_tokens=4160, units={"images": 1})
    (authoring,) = response.more
    assert (authoring.model, authoring.usage) == ("gpt-6", Usage(30, 900, reasoning_tokens=400))


def test_streamed_images_add_up() -> None:
    """Each image that was asked for has an event and a usage of its own; fewer are a broken stream."""
    done = {"type": "image_generation.completed", "b64_json": "eA==", "usage": IMAGE_USAGE}
    both, one = (
        read(openai_images.FORMAT, {"prompt": "x", "n": 2}, b"".join(sse(*said)), "text/event-stream")
        for said in ([done, done], [done])
    )
    assert both.complete
    assert both.usage == Usage(
        100, 8320, image_input_tokens=80, image_output_tokens=8320, units={"images": 2}
    )
    assert not one.complete


@pytest.mark.parametrize(
    ("body", "usage"),
    [
        ({"text": "hi", "usage": {"type": "duration", "seconds": 9}}, Usage(units={"audio_input_seconds": 9})),
        ({"text": "hi", "usage": {"type": "tokens", "input_tokens": 14, "output_tokens": 5, "total_tokens": 19,
                                  "input_token_details": {"audio_tokens": 4}}}, Usage(14, 5, audio_input_tokens=4)),
        ({"text": "hi", "x_groq": {"id": "r"}}, None),
    ],
)  # fmt: skip
def test_transcriptions(
    server: Any, spans: Spans, sdk: openai.OpenAI, body: Json, usage: Usage | None
) -> None:
    """By token or by second, as the provider says; a form's fields are the request."""
    server.say(body)
    sdk.audio.transcriptions.create(model="whisper-1", file=b"mp3", prompt="names: Ada")
    found = only(spans)
    assert found[names.REQUEST_MODEL] == "whisper-1"
    assert found[names.CONTEXT_KINDS] == ("user",)
    assert found.get(names.USAGE_INPUT_TOKENS) == (usage and usage.input_tokens)
    assert found.get(names.USAGE_AUDIO_INPUT_TOKENS) == (usage and usage.audio_input_tokens)
    assert found.get("burn.usage.audio_input_seconds") == (usage and usage.units.get("audio_input_seconds"))


def test_streamed_transcriptions_end_with_their_usage() -> None:
    """`transcript.text.done` is the terminator; before it, a stream is broken."""
    usage = {"type": "tokens", "input_tokens": 14, "output_tokens": 5, "total_tokens": 19}
    delta, done = (
        {"type": "transcript.text.delta", "delta": "hi"},
        {"type": "transcript.text.done", "usage": usage},
    )
    whole, cut = (
        read(openai_audio.TRANSCRIPTION, {}, b"".join(sse(*said)), "text/event-stream")
        for said in ([delta, done], [delta])
    )
    assert (whole.complete, whole.usage) == (True, Usage(14, 5))
    assert (cut.complete, cut.usage) == (False, None)


def test_subtitles_and_sound_are_whole_answers() -> None:
    """Answers that are no JSON are complete: subtitles tell no usage, sound is billed by the characters asked for."""
    assert read(openai_audio.TRANSCRIPTION, {}, b"1\n00:00 hi", "text/plain; charset=utf-8") == Response()
    said: Json = {"model": "tts-1-hd", "input": "hello"}
    spoken = read(openai_audio.SPEECH, said, b"\xff\xfb", "audio/mpeg")
    assert (spoken.complete, spoken.usage) == (True, Usage(units={"characters": 5}))
    assert read(openai_audio.SPEECH, said | {"model": "gpt-4o-mini-tts"}, b"\xff", "audio/mpeg").usage is None
    assert read(openai_audio.SPEECH, said, b"<html>", "text/html").usage is None
    assert read(openai_audio.SPEECH, said, b'{"error": {"code": "bad_voice"}}').error_type == "bad_voice"


def test_streamed_speech_reports_tokens(server: Any, spans: Spans, sdk: openai.OpenAI) -> None:
    """With `stream_format: sse` the last event has the usage."""
    usage = {"input_tokens": 3, "output_tokens": 40, "total_tokens": 43}
    server.stream(
        sse({"type": "speech.audio.delta", "audio": "eA=="}, {"type": "speech.audio.done", "usage": usage})
    )
    sdk.audio.speech.create(model="gpt-4o-mini-tts", input="hello", voice="alloy", stream_format="sse").read()
    found = only(spans)
    assert (found[names.USAGE_INPUT_TOKENS], found[names.USAGE_OUTPUT_TOKENS]) == (3, 40)
    assert found[names.CONTEXT_KINDS] == ("user",)


RUN: Json = {
    "id": "run_1", "object": "thread.run", "thread_id": "thread_1", "assistant_id": "asst_1", "model": "gpt-6",
    "status": "queued", "usage": None, "last_error": None, "created_at": 1, "instructions": "", "tools": [],
}  # fmt: skip
RUN_USAGE = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}
WAITING = RUN | {
    "status": "requires_action",
    "required_action": {"type": "submit_tool_outputs", "submit_tool_outputs": {"tool_calls": [
        {"id": "call_1", "type": "function", "function": {"name": "ls", "arguments": "{}"}}]}},
}  # fmt: skip


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_run_counts_once(server: Any, spans: Spans, sdk: openai.OpenAI) -> None:
    """Started, waiting for a tool, continued, completed and looked at again: one call, its usage once."""
    done = RUN | {"status": "completed", "usage": RUN_USAGE}
    for said in (RUN, WAITING, RUN, done, done):
        server.say(said)
    runs = sdk.beta.threads.runs
    runs.create("thread_1", assistant_id="asst_1", additional_instructions="be brief")
    runs.retrieve("run_1", thread_id="thread_1")
    runs.submit_tool_outputs(
        "run_1", thread_id="thread_1", tool_outputs=[{"tool_call_id": "call_1", "output": "x"}]
    )
    runs.retrieve("run_1", thread_id="thread_1")
    runs.retrieve("run_1", thread_id="thread_1")
    found = [dict(span.attributes or {}) for span in spans()]
    assert [one.get(names.USAGE_INPUT_TOKENS) for one in found] == [None, None, None, 10, None]
    assert found[3][names.OPERATION_NAME] == "chat"
    assert len({one[names.CALL_ID] for one in found[:4]}) == 1
    assert found[1][names.TOOL_CALLS_NAMES] == ("ls",)


def test_a_streamed_run_ends_with_its_state() -> None:
    """Completed with usage, waiting for tools, or failed: each is an end."""
    for status, usage in (("completed", RUN_USAGE), ("requires_action", None)):
        stream = openai_assistants.Stream(About("/v1/threads/thread_1/runs", Body(b"{}")))
        stream.add(RUN)
        assert not stream.response().complete
        stream.add({"object": "thread.message.delta"})
        stream.add(RUN | {"status": status, "usage": usage})
        read = stream.response()
        assert (read.complete, read.usage) == (True, usage and Usage(10, 5))
    stream.add(RUN | {"status": "failed", "last_error": {"code": "rate_limit_exceeded"}})
    assert stream.response().error_type == "rate_limit_exceeded"


def test_other_people_s_runs_are_none_of_ours() -> None:
    """Other servers have threads, runs and assistants, too; OpenAI's ids tell."""
    assert not openai_assistants.is_request(Body(b'{"assistant_id": "agent", "input": {}}'))


def test_databricks_names_the_model_in_the_path() -> None:
    """Its serving endpoints are invoked with the shape of a chat."""
    path = "/serving-endpoints/databricks-claude/invocations"
    assert openai_chat.FORMAT.read_request(Body(b'{"messages": []}'), path).model == "databricks-claude"
