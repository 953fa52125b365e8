"""Is the public face what it says?"""

import subprocess
import sys
from importlib.metadata import entry_points
from typing import Any

import httpx2
import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

import otel_burn
from otel_burn import cli, settings


def test_all_names_exist() -> None:
    """Every name in `__all__` is there and documented; nothing else answers."""
    assert all(getattr(otel_burn, name).__doc__ for name in otel_burn.__all__)
    with pytest.raises(AttributeError, match="nothing_here"):
        _ = otel_burn.nothing_here


def test_an_unknown_command_lists_the_known(capsys: pytest.CaptureFixture[str]) -> None:
    """A mistyped command is named, with what there is, and exit code 2."""
    assert cli.main(["reprot"]) == 2
    said = capsys.readouterr().err
    assert "'reprot'" in said
    assert "report" in said


def test_every_command_has_help() -> None:
    """Every registered command loads and explains itself."""
    for name in cli.commands():
        done = subprocess.run(
            [sys.executable, "-m", "otel_burn", name, "--help"], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        assert len(done.stdout.splitlines()) > 3


def test_a_missing_part_names_its_extra(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A command whose part is not installed says what to install."""
    monkeypatch.setitem(sys.modules, "duckdb", None)
    for name in [name for name in sys.modules if name.startswith("otel_burn_collector")]:
        monkeypatch.delitem(sys.modules, name)
    assert cli.main(["sql", "SELECT 1"]) == 1
    assert "pip install 'otel-burn[collector]'" in capsys.readouterr().err


def test_opentelemetry_instrument_finds_us(server: Any) -> None:
    """Loaded by the ecosystem's entry point, our spans go to the provider that it gives, and stop when it says so."""
    (entry,) = entry_points(group="opentelemetry_instrumentor", name="otel_burn")
    exporter = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    instrumentor = entry.load()()
    instrumentor.instrument(tracer_provider=provider)
    with httpx2.Client() as client:
        client.post(f"{server.url}/v1/chat/completions", json={"model": "m", "messages": []})
        instrumentor.uninstrument()
        client.post(f"{server.url}/v1/chat/completions", json={"model": "m", "messages": []})
    assert [span.name for span in exporter.get_finished_spans()] == ["chat m"]
    provider.shutdown()


def test_a_base_url_names_its_host(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever pastes the URL of a gateway means its host."""
    monkeypatch.setenv("OTEL_BURN_PROVIDERS", "https://llm.example.com/v1=openai, 127.0.0.1:8000=groq")
    assert settings.from_environment().providers == {"llm.example.com": "openai", "127.0.0.1:8000": "groq"}
