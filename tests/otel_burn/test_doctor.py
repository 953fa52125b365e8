"""Are other reporters of the same calls named, and what no tap can see?"""

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

import otel_burn
from otel_burn import doctor, emitters, instrumentation, process_note, unseen
from otel_burn.taps import TAPS


def said(tmp_path: Path) -> dict[str, str]:
    """What the doctor says, by what it is about."""
    return {finding.about: finding.said for finding in doctor.examine(tmp_path / "burn.duckdb")}


def package(folder: Path, name: str, **entries: str) -> None:
    """Install a distribution of *name* in *folder*, with entry points of instrumentors."""
    info = folder / f"{name.replace('-', '_')}-1.2.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.2\n")
    lines = [f"{entry} = {target}" for entry, target in entries.items()]
    (info / "entry_points.txt").write_text("\n".join(["[opentelemetry_instrumentor]", *lines]) + "\n")


def test_installed_emitters_are_named_with_how_to_switch_them_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Peers are told apart by the module behind their entry point, as three of them share the name `openai`."""
    site = tmp_path / "site"
    package(site, "openinference-instrumentation-openai", openai="openinference.instrumentation.openai:I")
    package(site, "opentelemetry-instrumentation-openai", openai="opentelemetry.instrumentation.openai:I")
    package(site, "opentelemetry-instrumentation-genai-x", x="opentelemetry.instrumentation.genai.x:I")
    package(site, "opentelemetry-instrumentation-django", django="opentelemetry.instrumentation.django:I")
    package(site, "langfuse")
    monkeypatch.syspath_prepend(site)
    found = said(tmp_path)
    assert "openinference-instrumentation-openai 1.2." in found["OpenInference"]
    assert "opentelemetry-instrumentation-openai 1.2." in found["OpenLLMetry"]
    assert "block_instruments={Instruments.OPENAI" in found["OpenLLMetry"]
    assert "OTEL_PYTHON_DISABLED_INSTRUMENTATIONS=x " in found["OpenTelemetry genai"]
    assert "langfuse 1.2." in found["Langfuse"]
    assert "ANTHROPIC_OPEN_TELEMETRY=false" in found["anthropic itself"]
    assert not any("django" in text for text in found.values())

    monkeypatch.setenv("ANTHROPIC_OPEN_TELEMETRY", "false")
    assert "anthropic itself" not in said(tmp_path)


def test_emitters_at_work_are_told_from_those_that_are_only_there() -> None:
    """An instrumentor that is switched on counts, one that is only imported does not, nor a switched-off SDK."""
    program = """
    import sys
    from opentelemetry import trace
    from opentelemetry.instrumentation.instrumentor import BaseInstrumentor
    from opentelemetry.sdk.trace import TracerProvider
    from otel_burn import emitters

    def instrumentor(module):
        class Instrumentor(BaseInstrumentor):
            __module__ = module
            def instrumentation_dependencies(self): return ()
            def _uninstrument(self, **_): pass
        return Instrumentor()

    one = instrumentor("openinference.instrumentation.openai")
    two = instrumentor("opentelemetry.instrumentation.anthropic.v1")

    assert emitters.active_here() == []
    one.instrument()
    import anthropic
    assert emitters.active_here() == ["OpenInference (openai)"]
    trace.set_tracer_provider(TracerProvider())
    two.instrument()
    print(emitters.active_here())
    one.uninstrument()
    print(emitters.active_here())
    """
    for value, itself in (("", ["anthropic itself"]), ("false", [])):
        done = subprocess.run(
            [sys.executable, "-c", textwrap.dedent(program)],
            env=os.environ | {"ANTHROPIC_OPEN_TELEMETRY": value},
            capture_output=True,
            text=True,
            check=False,
        )
        both, one = ["OpenInference (openai)", "OpenLLMetry (anthropic)"], ["OpenLLMetry (anthropic)"]
        assert done.stdout == f"{both + itself}\n{one + itself}\n", done.stderr


def test_what_was_at_work_in_the_last_run_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The doctor reads the notes of the last run's processes, a broken one or not."""
    package(tmp_path / "site", "langfuse")
    monkeypatch.syspath_prepend(tmp_path / "site")
    monkeypatch.setattr(emitters, "active_here", lambda: ["Langfuse (openai)"])
    assert "at work" not in said(tmp_path)["Langfuse"]
    process_note.write("run-1", ended=True)
    (folder,) = (Path(os.environ["OTEL_BURN_HOME"]) / "runs").iterdir()
    (folder / "process-1.json").write_text('{"argv": ["killed whi')
    assert "at work in run-1: Langfuse (openai)" in said(tmp_path)["Langfuse"]


def test_what_no_tap_sees_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Installed libraries without a tap are named; what is tapped is not among them."""
    package(tmp_path / "site", "vllm")
    package(tmp_path / "site", "grpcio")
    monkeypatch.syspath_prepend(tmp_path / "site")
    found = said(tmp_path)
    assert "vllm runs in the process are not recorded" in found["vllm"]
    assert "gRPC" in found["grpcio"]
    assert not {one.package for one in unseen.UNSEEN} & set(TAPS)


def test_models_in_the_process_are_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    """A library that runs models is noted once it is imported."""
    assert unseen.imported_here() == []
    monkeypatch.setitem(sys.modules, "llama_cpp", unseen)
    assert unseen.imported_here() == ["models that llama.cpp runs in the process"]


def test_websockets_to_a_provider_are_noted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection to a host that serves models is in the process's note, one to any other is not."""
    server = pytest.importorskip("websockets.sync.server")
    from threading import Thread

    from websockets.client import ClientProtocol
    from websockets.sync.client import connect

    before = ClientProtocol.__init__
    monkeypatch.setenv("OTEL_BURN_RUN_ID", "run-1")
    monkeypatch.setenv("OTEL_BURN_PROVIDERS", "127.0.0.1=openai")
    with server.serve(lambda connection: connection.recv(), "127.0.0.1", 0) as running:
        thread = Thread(target=running.serve_forever)
        thread.start()
        port = running.socket.getsockname()[1]
        otel_burn.instrument()
        active: Any = instrumentation.active()
        for host in ("localhost", "127.0.0.1"):
            with connect(f"ws://{host}:{port}") as connection:
                connection.send("x")
        assert active.watching.met == ["WebSockets to 127.0.0.1"]
        otel_burn.uninstrument()
        running.shutdown()
        thread.join()
    assert ClientProtocol.__init__ is before
    (note,) = (Path(os.environ["OTEL_BURN_HOME"]) / "runs/run-1").glob("*.json")
    assert json.loads(note.read_text())["unseen"] == ["WebSockets to 127.0.0.1"]
