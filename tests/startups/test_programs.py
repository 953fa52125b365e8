"""Does every LLM call of a program arrive, whichever way its processes and threads start and end?"""

import shutil
import signal
import sys
import time
from importlib.util import find_spec
from typing import Any

import pytest

PYTHON = sys.executable
POOL = """
import multiprocessing, sys, time
from asking import ask

if __name__ == "__main__":
    context = multiprocessing.get_context(sys.argv[1])
    {before}
    with context.Pool(2) as pool:
        print(len(set(pool.map(ask, range(8), chunksize=1))))
        time.sleep(0.3)
"""
"""The end of the block terminates the workers, which a call of the last millisecond need not survive."""
EXECUTOR = """
import concurrent.futures, multiprocessing, sys
from asking import ask

if __name__ == "__main__":
    context = multiprocessing.get_context(sys.argv[1])
    with concurrent.futures.ProcessPoolExecutor(2, mp_context=context) as pool:
        print(len(set(pool.map(ask, range(8)))))
"""
FORKING = """
import os, time
from asking import ask

ask()
for _ in range(3):
    if not os.fork():
        ask()
        time.sleep(0.3)
        os._exit(0)
for _ in range(3):
    os.wait()
print(8)
ask()
"""
THREADS = """
import concurrent.futures
from asking import ask

with concurrent.futures.ThreadPoolExecutor(4) as pool:
    print(len(set(pool.map(ask, range(8)))))
"""
GEVENT = """
from gevent import monkey
monkey.patch_all()
import gevent
from asking import ask

asked = [gevent.spawn(ask) for _ in range(8)]
gevent.joinall(asked)
print(len({each.value for each in asked}))
"""
ONE_CALL = "from asking import ask\nprint(len({ask()}))\n"


@pytest.mark.parametrize(
    ("text", "arguments", "calls"),
    [
        pytest.param(POOL.format(before=""), ["fork"], 8, id="multiprocessing.Pool, fork"),
        pytest.param(POOL.format(before=""), ["spawn"], 8, id="multiprocessing.Pool, spawn"),
        pytest.param(POOL.format(before="ask()"), ["fork"], 9, id="multiprocessing.Pool, fork after a call"),
        pytest.param(EXECUTOR, ["fork"], 8, id="ProcessPoolExecutor, fork"),
        pytest.param(EXECUTOR, ["forkserver"], 8, id="ProcessPoolExecutor, forkserver"),
        pytest.param(EXECUTOR, ["spawn"], 8, id="ProcessPoolExecutor, spawn"),
        pytest.param(FORKING, [], 5, id="os.fork and os._exit"),
        pytest.param(THREADS, [], 8, id="ThreadPoolExecutor"),
    ],
)
def test_processes_and_threads(text: str, arguments: list[str], calls: int, world: Any) -> None:
    """Each way in which Python itself makes workers."""
    world.provider.pace = (
        0.3  # as a fast model; a terminated worker needs OpenTelemetry imported by its first answer
    )
    assert world.run(PYTHON, str(world.write("agent.py", text)), *arguments) == "8\n"
    world.assert_ledger_has_all(calls)


def test_command_lines(world: Any) -> None:
    """`python -m`, `python -c`, a program from standard input's shell, and wrappers that start or become Python."""
    world.write("bots/__main__.py", ONE_CALL)
    script = world.write("script.py", ONE_CALL)
    wrapper = world.write("wrapper", f'#!/bin/sh\nexec "{PYTHON}" "$@"\n')
    runner = world.write(
        "runner.py", "import subprocess, sys; sys.exit(subprocess.call([sys.executable, *sys.argv[1:]]))"
    )
    wrapper.chmod(0o755)
    lines = (
        (PYTHON, "-m", "bots"),
        (PYTHON, "-c", ONE_CALL),
        (PYTHON, "-u", "-W", "ignore", str(script)),
        (str(wrapper), str(script)),  # `poetry run`, `pipenv run`: exec
        (PYTHON, str(runner), str(script)),  # `uv run`: a parent that waits
        ("env", "LANG=C", PYTHON, str(script)),
        ("sh", "-c", f"{PYTHON} {script} | cat"),
    )
    for line in lines:
        assert world.run(*line) == "1\n", line
    world.assert_ledger_has_all(len(lines))


def test_uv_run(world: Any) -> None:
    """`uv run` itself, where it is installed."""
    uv = shutil.which("uv")
    if uv is None:
        pytest.skip("uv is not installed")
    script = world.write("script.py", ONE_CALL)
    assert world.run(uv, "run", "--no-project", "--offline", "--python", PYTHON, str(script)) == "1\n"
    world.assert_ledger_has_all(1)


def test_gevent(world: Any) -> None:
    """Greenlets' calls arrive, where the standard library was patched first, as gevent asks."""
    if find_spec("gevent") is None:
        pytest.skip("gevent is not installed; the extra `startups` has it")
    world.provider.pace = 0.3
    assert world.run(PYTHON, str(world.write("agent.py", GEVENT))) == "8\n"
    world.assert_ledger_has_all(8)


def test_gevent_patched_too_late(world: Any) -> None:
    """Patched after a call, gevent complains about what it finds; the calls arrive all the same."""
    if find_spec("gevent") is None:
        pytest.skip("gevent is not installed; the extra `startups` has it")
    agent = world.write("agent.py", f"from asking import ask\nask()\n{GEVENT}")
    with world.start(PYTHON, str(agent)) as program:
        said, complained = program.communicate(timeout=60)
    assert (said, program.returncode) == ("8\n", 0), complained
    world.assert_ledger_has_all(9)


CELERY = """
from asking import ask
from celery import Celery

app = Celery("tasks", broker="filesystem://", backend="file://results")
app.conf.broker_transport_options = {"data_folder_in": "queue", "data_folder_out": "queue", "control_folder": "control"}
app.conf.worker_hijack_root_logger = False
app.task(ask, name="ask")
"""
SENDING = """
import time
from tasks import app

sent = [app.send_task("ask") for _ in range(6)]
print(len({each.get(timeout=40) for each in sent}))
"""


@pytest.mark.parametrize("pool", ["prefork", "solo"])
def test_celery(pool: str, world: Any) -> None:
    """Each task's call arrives, after a warm shutdown by SIGTERM, which is soon and silent."""
    if find_spec("celery") is None:
        pytest.skip("celery is not installed; the extra `startups` has it")
    world.provider.pace = 0.2
    world.write("tasks.py", CELERY)
    for folder in ("queue", "results", "control"):
        (world.folder / folder).mkdir()
    command = ("-m", "celery", "-A", "tasks", "worker", "--pool", pool, "--concurrency", "2", "-l", "warning")
    with world.start(PYTHON, *command, C_FORCE_ROOT="1") as worker:
        try:
            assert world.run(PYTHON, "-c", SENDING) == "6\n"
        finally:
            asked = time.monotonic()
            worker.send_signal(signal.SIGTERM)
            said, complained = worker.communicate(timeout=60)
    assert "otel" not in (said + complained).lower(), said + complained
    world.assert_ledger_has_all(6)
    assert time.monotonic() - asked < 20
