"""Does `opentelemetry-instrument python agent.py` work, alone and beside `otel-burn run`?"""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from otel_burn.instrumentor import OtelBurnInstrumentor
from otel_burn.run import BOOT

COMMAND = Path(sys.executable).with_name("opentelemetry-instrument")
PROGRAM = """
import os, openai
with openai.OpenAI(base_url=os.environ["PROVIDER"] + "/v1") as client:
    client.chat.completions.create(model="gpt-5", messages=[{"role": "user", "content": "hello"}])
"""
ANSWER = {
    "id": "1",
    "object": "chat.completion",
    "created": 1,
    "model": "gpt-5",
    "choices": [],
    "usage": {"prompt_tokens": 7, "completion_tokens": 1, "total_tokens": 8},
}


def run(server: Any, **environment: str) -> list[tuple[str, str]]:
    """Run the program under `opentelemetry-instrument`; (where it went, name) of the spans that left it."""
    server.say(ANSWER)
    done = subprocess.run(
        [COMMAND, "--traces_exporter", "otlp", "--metrics_exporter", "none", "--logs_exporter", "none",
         sys.executable, "-c", PROGRAM],
        env={**os.environ, "PROVIDER": server.url, "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
             "OTEL_EXPORTER_OTLP_ENDPOINT": f"{server.url}/theirs",
             "OTEL_BURN_ENDPOINT": f"{server.url}/ours", **environment},
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return [
        (path.split("/")[1], span.name)
        for path, _, body in server.requests
        if path.endswith("/v1/traces")
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans
        for scope in resource.scope_spans
        for span in scope.spans
    ]


@pytest.mark.skipif(not COMMAND.exists(), reason="opentelemetry-distro is not installed")
def test_spans_reach_the_configured_exporter(server: Any) -> None:
    """Alone, each call is a span of the application's own pipeline, and of no other."""
    assert run(server) == [("theirs", "chat gpt-5")]


@pytest.mark.skipif(not COMMAND.exists(), reason="opentelemetry-distro is not installed")
def test_beside_a_run_each_call_counts_once(server: Any, tmp_path: Path) -> None:
    """Under `otel-burn run`, the run gets the call's span, once, whichever of the two loads us first."""
    beside = {"OTEL_BURN_RUN_ID": "run-1", "OTEL_BURN_RUN_FOLDER": str(tmp_path), "PYTHONPATH": str(BOOT)}
    assert run(server, **beside) == [("ours", "chat gpt-5")]


def test_what_loaders_ask_of_an_instrumentor(server: Any) -> None:
    """It takes the options that loaders pass, tells whether it is active, and needs no package."""
    instrumentor = OtelBurnInstrumentor()
    assert not instrumentor.is_instrumented_by_opentelemetry
    instrumentor.instrument(skip_dep_check=True, raise_exception_on_conflict=True)
    assert instrumentor.is_instrumented_by_opentelemetry
    instrumentor.instrument()  # once more, as a program does that is loaded by it and calls it
    instrumentor.uninstrument(anything=True)
    assert not OtelBurnInstrumentor().is_instrumented_by_opentelemetry
    assert list(instrumentor.instrumentation_dependencies()) == []
