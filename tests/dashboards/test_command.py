"""Does `otel-burn explore` serve, refuse and end as a user expects?"""

import base64
import http.client
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from otel_burn_dashboards import guard, server

COMMAND = [sys.executable, "-m", "otel_burn", "explore", "--no-browser"]


@contextmanager
def explorer(db: Path, *options: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A running `otel-burn explore` and its URL."""
    command = [*COMMAND, "--db", str(db), *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            line = process.stdout.readline()
            assert line.startswith("Explorer: http://127.0.0.1:"), line
            yield process, line.removeprefix("Explorer: ").strip()
        finally:
            if process.poll() is None:
                process.kill()


@pytest.fixture(scope="module")
def url(db: Path) -> Iterator[str]:
    """The URL of a running explorer."""
    with explorer(db) as (_, served):
        yield served


def asked(url: str, path: str, headers: dict[str, str]) -> tuple[int, dict[str, str]]:
    """The status and the headers of the answer."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=30)
    try:
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}
    finally:
        connection.close()


def websocket(url: str, host: str) -> int:
    """The status of a WebSocket handshake with Streamlit under a *host* name."""
    upgrade = {
        "Host": host,
        "Origin": url,
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(),
    }
    return asked(url, "/_stcore/stream", upgrade)[0]


def test_strangers_names_are_refused_everywhere(url: str) -> None:
    """A web page that binds its own name to 127.0.0.1 reaches neither the page nor the WebSocket."""
    assert asked(url, "/", {"Host": "evil.example"})[0] == 403
    assert asked(url, "/_stcore/health", {"Host": "evil.example:80"})[0] == 403
    assert websocket(url, "evil.example") == 403
    assert websocket(url, "127.0.0.1.evil.example") == 403


def test_own_names_are_let_in(url: str) -> None:
    """The address and localhost both work, with the port or without."""
    port = urlsplit(url).port
    assert asked(url, "/", {"Host": f"127.0.0.1:{port}"})[0] == 200
    assert asked(url, "/", {"Host": "localhost"})[0] == 200
    assert websocket(url, f"127.0.0.1:{port}") == 101


def test_the_browser_may_load_nothing_from_elsewhere(url: str) -> None:
    """The policy that Chromium enforces is on every answer."""
    _, headers = asked(url, "/", {})
    assert headers["content-security-policy"] == guard.POLICY
    assert "default-src 'self'" in guard.POLICY


def test_it_listens_on_loopback_only(url: str) -> None:
    """Nobody else on the network sees it."""
    elsewhere = socket.gethostbyname(socket.gethostname())
    if elsewhere.startswith("127."):
        pytest.skip("this machine's name has no address beyond loopback")
    with pytest.raises(OSError), socket.create_connection((elsewhere, urlsplit(url).port), timeout=2):
        pass


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_signals_end_it_cleanly(db: Path, ending: signal.Signals) -> None:
    """Ctrl-C is how it ends: exit code 0, nothing on standard error, nobody left behind."""
    with explorer(db) as (process, _):
        process.send_signal(ending)
        _, errors = process.communicate(timeout=20)
        assert (process.returncode, errors) == (0, "")


def test_a_missing_database_is_a_sentence(tmp_path: Path) -> None:
    """What is missing, and what to do."""
    ended = subprocess.run([*COMMAND, "--db", str(tmp_path / "none.duckdb")], capture_output=True, text=True)
    assert ended.returncode == 1
    assert ended.stderr.startswith("otel-burn: There is no database at")
    assert "--db" in ended.stderr


def test_a_file_that_is_no_database_is_a_sentence(tmp_path: Path) -> None:
    """No stack trace for a wrong file."""
    (tmp_path / "notes.duckdb").write_text("not a database at all, but long enough to be read as one " * 100)
    ended = subprocess.run([*COMMAND, "--db", str(tmp_path / "notes.duckdb")], capture_output=True, text=True)
    assert ended.returncode == 1
    assert "no DuckDB database" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_port_in_use_is_a_sentence(db: Path) -> None:
    """The port, why, and the remedy."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = subprocess.run(
            [*COMMAND, "--db", str(db), "--port", str(port)], capture_output=True, text=True
        )
    assert ended.returncode == 1
    assert f"cannot listen at 127.0.0.1 port {port}: Address already in use" in ended.stderr
    assert "--port" in ended.stderr


def test_an_address_for_others_is_warned_about_and_answers_to_its_names() -> None:
    """Who asks for 0.0.0.0 gets it, with the machine's own names, and no allow-list that shuts them out."""
    assert set(server.names("0.0.0.0")) >= {"localhost", socket.gethostname()}
    assert "server.allowedHosts" not in server.settings("0.0.0.0", 0)
    assert server.url("0.0.0.0", 80) == "http://127.0.0.1:80"
    assert server.url("::1", 80) == "http://[::1]:80"


def test_streamlit_may_not_phone_home() -> None:
    """No usage statistics; the host list is one, and not a string that would be ignored."""
    settings = server.settings("127.0.0.1", 0)
    assert settings["browser.gatherUsageStats"] is False
    assert settings["server.address"] == "127.0.0.1"
    assert settings["server.allowedHosts"] == ["127.0.0.1", "localhost", "::1"]


def test_every_setting_is_one_that_streamlit_knows() -> None:
    """A renamed option would be no protection."""
    from streamlit import config

    known = config._config_options_template
    assert set(server.settings("127.0.0.1", 0)) <= set(known)


@pytest.mark.parametrize(
    ("host", "name"),
    [("localhost:8501", "localhost"), ("[::1]:80", "::1"), ("Evil.Example.", "evil.example"), ("", "")],
)
def test_host_headers_are_read(host: str, name: str) -> None:
    """With and without a port, in any case."""
    assert guard.hostname(host) == name
