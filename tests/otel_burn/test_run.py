"""Does `otel-burn run` instrument a program without changing it?"""

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from typing import Any

import pytest

ANSWER = {
    "id": "1",
    "object": "chat.completion",
    "created": 1,
    "model": "gpt-5",
    "choices": [],
    "usage": {"prompt_tokens": 7, "completion_tokens": 1, "total_tokens": 8},
}
CALLER = """
import os, openai
with openai.OpenAI(base_url=os.environ["PROVIDER"] + "/v1") as client:
    client.chat.completions.create(model="gpt-5", messages=[{"role": "user", "content": "hi"}])
"""


def burn_run(*command: str, **options: Any) -> subprocess.CompletedProcess[str]:
    """`otel-burn run` of *command*, without a collector: the endpoint is whatever the environment says."""
    return subprocess.run(
        [sys.executable, "-m", "otel_burn", "run", "--no-report", "--", *command],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        **options,
    )


def notes() -> list[dict[str, Any]]:
    """What the processes of the only run noted, in the order of their programs' names."""
    found = Path(os.environ["OTEL_BURN_HOME"]).glob("runs/*/process-*.json")
    return sorted((json.loads(path.read_text()) for path in found), key=lambda note: str(note["argv"]))


@pytest.fixture(autouse=True)
def reachable(server: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The provider's server also takes the spans: it answers every POST."""
    monkeypatch.setenv("PROVIDER", server.url)
    monkeypatch.setenv("OTEL_BURN_ENDPOINT", server.url)


def script(folder: Path, text: str, name: str = "agent.py") -> str:
    """The path of a program with this *text*."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(textwrap.dedent(text))
    return str(path)


def test_streams_arguments_and_exit_code_pass_unchanged(tmp_path: Path) -> None:
    """Arguments (dashes too), standard input, output, error and the exit code are the program's own."""
    agent = script(
        tmp_path,
        """
        import sys
        print(sys.argv[1:], sys.stdin.read())
        print("to stderr", file=sys.stderr)
        sys.exit(7)
        """,
    )
    done = burn_run(sys.executable, agent, "--db", "x", "--", "-v", "a b", input="from stdin")
    assert done.stdout == "['--db', 'x', '--', '-v', 'a b'] from stdin\n"
    assert done.stderr == "to stderr\n"
    assert done.returncode == 7


def test_a_script_is_instrumented(server: Any, tmp_path: Path) -> None:
    """A script that knows nothing of us leaves its call, under the script's name and the run's id."""
    server.say(ANSWER)
    assert burn_run(sys.executable, script(tmp_path, CALLER, "scribe.py")).returncode == 0
    (span,) = server.received_spans()
    run_id = next(a.value.string_value for a in span.attributes if a.key == "burn.run.id")
    assert run_id.startswith("run-")
    (note,) = notes()
    assert "httpx2" in note["taps"]  # and whatever else the SDK finds installed
    assert note["llm_calls"] == 1


def test_a_module_target_is_instrumented(server: Any, tmp_path: Path) -> None:
    """`python -m package` is instrumented as a script is."""
    server.say(ANSWER)
    script(tmp_path, CALLER, "bots/__main__.py")
    assert burn_run(sys.executable, "-m", "bots", cwd=tmp_path).returncode == 0
    assert len(server.received_spans()) == 1


def test_children_belong_to_the_run(server: Any, tmp_path: Path) -> None:
    """Python children, direct or behind a shell, are instrumented and carry the same run id."""
    for _ in range(3):
        server.say(ANSWER)
    child = script(tmp_path, CALLER, "child.py")
    parent = script(
        tmp_path,
        CALLER
        + f"""
import subprocess, sys
subprocess.run([sys.executable, {child!r}], check=True)
subprocess.run(f"cd / && '{{sys.executable}}' {child}", shell=True, check=True)
""",
    )
    assert burn_run(sys.executable, parent).returncode == 0
    runs = {
        a.value.string_value for s in server.received_spans() for a in s.attributes if a.key == "burn.run.id"
    }
    assert (len(server.received_spans()), len(runs)) == (3, 1)


def test_an_existing_sitecustomize_has_its_turn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A `sitecustomize` of the user's own runs too, and is what the program then finds; we leave the path."""
    script(tmp_path, "import builtins; builtins.customized = 'yes'; mine = True", "site/sitecustomize.py")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "site"))
    agent = script(
        tmp_path,
        """
        import sys, sitecustomize, httpx2
        print(customized, sitecustomize.mine, any("boot" in entry for entry in sys.path))
        print(hasattr(httpx2.Client.send, "otel_burn_tap"))
        """,
    )
    assert burn_run(sys.executable, agent).stdout.split() == ["yes", "True", "False", "True"]


def test_an_interpreter_without_otel_burn_runs_untouched_and_is_named(tmp_path: Path) -> None:
    """A child in another virtual environment runs as ever, and its interpreter is noted for the report."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(tmp_path / "other")], check=True)
    other = str(tmp_path / "other" / "bin" / "python")
    done = burn_run(other, "-c", "import sys; print('otel_burn' in sys.modules)", cwd=tmp_path)
    assert (done.stdout, done.stderr, done.returncode) == ("False\n", "", 0)
    (note,) = notes()
    assert (note["executable"], note["instrumented"]) == (other, False)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGUSR1])
def test_signals_reach_the_program_once(tmp_path: Path, number: signal.Signals) -> None:
    """A signal sent to us is delivered to the program, once, and its exit code comes back."""
    agent = script(
        tmp_path,
        f"""
        import signal, sys, time
        got = []
        signal.signal({int(number)}, lambda *_: got.append(1))
        print("ready", flush=True)
        while not got:
            time.sleep(0.01)
        time.sleep(0.3)
        sys.exit(40 + len(got))
        """,
    )
    running = subprocess.Popen(
        [sys.executable, "-m", "otel_burn", "run", "--no-report", "--", sys.executable, agent],
        stdout=subprocess.PIPE,
        text=True,
    )
    with running:
        assert running.stdout is not None
        assert running.stdout.readline() == "ready\n"
        running.send_signal(number)
        assert running.wait(20) == 41


def test_a_killed_program_ends_us_the_same_way_and_loses_no_call(server: Any, tmp_path: Path) -> None:
    """A program killed with `kill -9` right after its calls: they are delivered, and our status is the signal."""
    server.say(ANSWER)
    server.say(ANSWER)
    agent = script(
        tmp_path,
        CALLER + CALLER + "import signal, time; time.sleep(2.5); os.kill(os.getpid(), signal.SIGKILL)",
    )
    assert burn_run(sys.executable, agent).returncode == -signal.SIGKILL
    assert len({span.span_id for span in server.received_spans()}) == 2


def test_a_missing_program(tmp_path: Path) -> None:
    """A program that does not exist, or may not run, is named; the codes are the shell's."""
    done = burn_run("no-such-program")
    assert (done.returncode, "'no-such-program'" in done.stderr) == (127, True)
    assert burn_run(script(tmp_path, "")).returncode == 126
    assert burn_run().returncode == 1


def test_a_home_that_cannot_be_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The program runs all the same, and we say that its calls may be lost."""
    (tmp_path / "file").touch()
    monkeypatch.setenv("OTEL_BURN_HOME", str(tmp_path / "file" / "home"))
    done = burn_run(sys.executable, script(tmp_path, "print('runs')"))
    assert (done.returncode, done.stdout) == (0, "runs\n")
    assert "may be lost" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_collector_that_is_away_changes_nothing(
    server: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With nobody at the endpoint the program runs as ever; we say where its spans wait."""
    server.say(ANSWER)
    monkeypatch.setenv("OTEL_BURN_ENDPOINT", "http://127.0.0.1:9")
    before = time.monotonic()
    done = burn_run(sys.executable, script(tmp_path, CALLER + "print('done')"))
    assert (done.stdout, done.returncode) == ("done\n", 0)
    assert "are kept in" in done.stderr
    assert time.monotonic() - before < 20


def test_a_program_that_may_not_write_our_notes(server: Any, tmp_path: Path) -> None:
    """A child without a home of ours, such as another user's, ends without a word from us."""
    agent = script(
        tmp_path, "import os, subprocess, sys; sys.exit(subprocess.call([sys.executable, '-c', '']))"
    )
    child = "import os, subprocess, sys\nos.environ['OTEL_BURN_HOME'] = '/proc/nobody'\n"
    Path(agent).write_text(child + Path(agent).read_text())
    done = burn_run(sys.executable, agent)
    assert (done.stderr, done.returncode) == ("", 0)


def test_a_sitecustomize_that_fails_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A `sitecustomize` that misses a module is reported by the interpreter, as without us."""
    script(tmp_path, "import no_such_module", "site/sitecustomize.py")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "site"))
    done = burn_run(sys.executable, "-c", "print('runs')")
    assert (done.stdout, "no_such_module" in done.stderr) == ("runs\n", True)


def test_signals_where_they_cannot_be_waited_for(tmp_path: Path) -> None:
    """On a system without `sigtimedwait`, signals reach the program through handlers, once."""
    agent = script(
        tmp_path,
        """
        import signal, sys, time
        got = []
        signal.signal(signal.SIGTERM, lambda *_: got.append(1))
        print("ready", flush=True)
        while not got:
            time.sleep(0.01)
        time.sleep(0.2)
        sys.exit(40 + len(got))
        """,
    )
    program = f"""
        import os, sys
        from otel_burn.passing_signals import run_handling
        sys.exit(run_handling([{sys.executable!r}, {agent!r}], os.environ, 0.05, lambda: None))
    """
    running = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(program)], stdout=subprocess.PIPE, text=True
    )
    with running:
        assert running.stdout is not None
        assert running.stdout.readline() == "ready\n"
        running.send_signal(signal.SIGTERM)
        assert running.wait(20) == 41


def test_a_process_that_leaves_without_its_own_exit(server: Any, tmp_path: Path) -> None:
    """Calls that ended right before `os._exit` are delivered, and the process's note tells."""
    server.say(ANSWER)
    server.say(ANSWER)
    warm = "import time; time.sleep(2)\n"
    agent = script(tmp_path, CALLER + warm + CALLER.replace("import os, openai\n", "") + "os._exit(3)")
    assert burn_run(sys.executable, agent).returncode == 3
    assert len({span.span_id for span in server.received_spans()}) == 2
    (note,) = notes()
    assert note["ended"] is False


def test_a_kill_switch_leaves_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nothing is recorded there is nothing to report."""
    monkeypatch.setenv("OTEL_SDK_DISABLED", "true")
    command = [sys.executable, "-m", "otel_burn", "run", "--", sys.executable, "-c", "print('done')"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stdout) == (0, "done\n")
    assert done.stderr.count("\n") == 1
    assert "nothing of it is recorded" in done.stderr
