"""Is what a request carries read as it is, and a form as its text fields?"""

import io
import json

import pytest
import requests

from otel_burn.taps import bodies


@pytest.mark.parametrize("body", [b"{}", bytearray(b"{}"), memoryview(b"{}"), "{}", io.BytesIO(b"{}")])
def test_known_bodies(body: object) -> None:
    """Whatever holds bytes."""
    assert bodies.known(body, "application/json") == b"{}"


def test_a_file_is_left_where_it_is() -> None:
    """What was read of it before isn't sent, and nothing more is read."""
    file = io.BytesIO(b"__{}")
    file.seek(2)
    assert bodies.known(file, "") == b"{}"
    assert file.read() == b"{}"


@pytest.mark.parametrize("body", [iter([b"1"]), io.StringIO("1"), 7])
def test_unknown_bodies(body: object) -> None:
    """What would have to be read first."""
    assert bodies.known(body, "") is None


def test_a_form() -> None:
    """Text fields with any characters; no file, however large."""
    form = {"model": "whisper-1", "prompt": 'é "x"\r\nline', "language": ""}
    files = {"file": ("a.wav", b"\r\n--x\r\n" * 10_000, "audio/wav")}
    request = requests.Request("POST", "http://llm", data=form, files=files).prepare()
    assert isinstance(request.body, bytes)
    assert json.loads(bodies.known(request.body, str(request.headers["content-type"])) or b"") == form


@pytest.mark.parametrize("body", [b"", b"--b", b"--b\r\n\r\n--b", b'--b\r\nname="a"\r\n\r\n', b"--b--" * 9])
def test_half_a_form(body: bytes) -> None:
    """Whatever is there is read, without an error."""
    assert isinstance(json.loads(bodies.plain(body, "multipart/form-data; boundary=b")), dict)


def test_a_copy_is_bounded() -> None:
    """Of a body that is too long nothing is kept."""
    copy = bodies.copied(iter([b"x" * 1024 * 1024] * 17))
    assert isinstance(copy, bodies.CopiedIterable)
    assert sum(map(len, copy)) == 17 * 1024 * 1024
    assert copy.sent() == b""
