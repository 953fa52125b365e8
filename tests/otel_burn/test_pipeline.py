"""Do spans reach the collector by a way of their own, whatever the application's tracing does?"""

import os
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

from otel_burn.spool import drain


def run(program: str, **environment: str) -> str:
    """What *program* prints in a process of its own; it can reach the `PROVIDER` and the `OTEL_BURN_ENDPOINT`."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", textwrap.dedent(program)],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


CALL = """
import os
import openai

def call(client=None):
    with openai.OpenAI(base_url=os.environ["PROVIDER"] + "/v1") as client:
        client.chat.completions.create(model="gpt-5", messages=[{"role": "user", "content": "canary-7f3a"}])
"""
ANSWER = {
    "id": "1",
    "object": "chat.completion",
    "created": 1,
    "model": "gpt-5",
    "choices": [],
    "usage": {"prompt_tokens": 7, "completion_tokens": 1, "total_tokens": 8},
}


@pytest.fixture
def collector() -> Any:
    """A second server, which takes the collector's place: it keeps what is posted to it."""
    from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
    from threading import Thread

    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    class Collector(ThreadingHTTPServer):
        daemon_threads = True
        posted: list[bytes]

        @property
        def url(self) -> str:
            return f"http://127.0.0.1:{self.server_port}"

        def spans(self) -> list[tuple[str, Any, Any]]:
            """(scope, span, resource) of every span received."""
            return [
                (scope.scope.name, span, {a.key: a.value.string_value for a in resource.resource.attributes})
                for body in self.posted
                for resource in ExportTraceServiceRequest.FromString(body).resource_spans
                for scope in resource.scope_spans
                for span in scope.spans
            ]

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            running.posted.append(self.rfile.read(int(self.headers["content-length"])))
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            pass

    running = Collector(("127.0.0.1", 0), Handler)
    running.posted = []
    thread = Thread(target=running.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield running
    running.shutdown()
    running.server_close()
    thread.join()


def test_spans_arrive_before_the_process_has_ended(server: Any, collector: Any) -> None:
    """A short program's one call is delivered, with who it was; its spool is gone; no content left the process."""
    server.say(ANSWER)
    run(
        CALL + "import otel_burn; otel_burn.instrument(); call()",
        PROVIDER=server.url,
        OTEL_BURN_ENDPOINT=collector.url,
        OTEL_SERVICE_NAME="billing-bot",
        OTEL_RESOURCE_ATTRIBUTES="team=payments",
    )
    ((scope, span, resource),) = collector.spans()
    assert (scope, span.name) == ("otel_burn", "chat gpt-5")
    assert (resource["service.name"], resource["team"]) == ("billing-bot", "payments")
    assert list((Path(os.environ["OTEL_BURN_HOME"]) / "spool").iterdir()) == []
    assert not any(b"canary-7f3a" in body for body in collector.posted)


@pytest.mark.parametrize("home", ["", "/proc/otel-burn"], ids=["below a file", "read-only"])
def test_a_home_that_can_t_be_written(server: Any, collector: Any, tmp_path: Path, home: str) -> None:
    """As in a container whose file system is read-only: the calls reach the collector all the same, and it is said."""
    (tmp_path / "file").touch()
    server.say(ANSWER)
    server.say(ANSWER)
    said = run(
        CALL
        + """
        import logging, sys
        logging.basicConfig(stream=sys.stdout)
        import otel_burn; otel_burn.instrument(); call(); call()
        """.replace("\n        ", "\n"),
        PROVIDER=server.url,
        OTEL_BURN_ENDPOINT=collector.url,
        OTEL_BURN_HOME=home or str(tmp_path / "file" / "home"),
    )
    assert [span.name for _, span, _ in collector.spans()] == ["chat gpt-5"] * 2
    assert said.count("spans wait in memory") == 1


def test_a_user_without_a_home(server: Any, collector: Any, tmp_path: Path) -> None:
    """As containers run with a user id that nobody knows: the temporary folder takes the home's place."""
    server.say(ANSWER)
    run(
        CALL
        + """
        from pathlib import Path
        def nowhere(*_): raise RuntimeError("Could not determine home directory.")
        Path.home = nowhere
        import otel_burn; otel_burn.instrument(); call()
        """.replace("\n        ", "\n"),
        PROVIDER=server.url,
        OTEL_BURN_ENDPOINT=collector.url,
        OTEL_BURN_HOME="",
        TMPDIR=str(tmp_path),
    )
    assert [span.name for _, span, _ in collector.spans()] == ["chat gpt-5"]
    assert (tmp_path / f"otel-burn-{os.getuid()}" / "spool").is_dir()


@pytest.mark.parametrize("switch", ["OTEL_SDK_DISABLED", "OTEL_BURN_DISABLED"])
def test_kill_switches(server: Any, collector: Any, switch: str) -> None:
    """A kill switch leaves the process alone."""
    server.say(ANSWER)
    program = CALL + "import otel_burn; otel_burn.instrument(); call()"
    run(program, PROVIDER=server.url, OTEL_BURN_ENDPOINT=collector.url, **{switch: "true"})
    assert collector.posted == []


def test_nothing_is_sent_and_no_sdk_loaded_without_a_call() -> None:
    """A program that calls no LLM loads no OpenTelemetry and writes nothing."""
    said = run(
        "import sys, httpx2, otel_burn; otel_burn.instrument(); print('opentelemetry.sdk' in sys.modules)"
    )
    assert said == "False\n"
    assert not Path(os.environ["OTEL_BURN_HOME"]).exists()


def test_sampler_and_limits_of_the_application_do_not_touch_billing(server: Any, collector: Any) -> None:
    """An application that samples nothing and limits attributes to one still gets whole billing spans."""
    server.say(ANSWER)
    run(
        CALL
        + """
        from opentelemetry import trace
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.sampling import ALWAYS_OFF
        provider = TracerProvider(sampler=ALWAYS_OFF)
        trace.set_tracer_provider(provider)
        import otel_burn; otel_burn.instrument(); call()
        assert trace.get_tracer_provider() is provider
        """.replace("\n        ", "\n"),
        PROVIDER=server.url,
        OTEL_BURN_ENDPOINT=collector.url,
        OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT="1",
        OTEL_TRACES_SAMPLER="always_off",
    )
    ((_, span, _),) = collector.spans()
    assert len(span.attributes) > 10


def test_the_application_s_own_spans_come_along_without_content(server: Any, collector: Any) -> None:
    """Agent spans and the SDK's own span arrive as structure: our span hangs below them, and no content is in them."""
    server.say(
        {
            "id": "msg_1", "type": "message", "role": "assistant", "model": "claude-opus-4-8", "content": [],
            "stop_reason": "end_turn", "stop_sequence": None, "usage": {"input_tokens": 10, "output_tokens": 2},
        }
    )  # fmt: skip
    run(
        """
        import os, anthropic
        from opentelemetry import trace
        from opentelemetry.sdk.trace import TracerProvider
        trace.set_tracer_provider(TracerProvider())
        import otel_burn; otel_burn.instrument()
        secret = "canary-7f3a"
        telling = ("gen_ai.input.messages", "gen_ai.system_instructions", "gen_ai.request.stop_sequences",
                   "input.value", "gen_ai.response.tool_calls", "gen_ai.usage.note",
                   "llm.prompts", "server.banner", "gen_ai.headers")
        attributes = {"gen_ai.agent.name": "scribe", **dict.fromkeys(telling, secret)}
        asked = {"model": "claude-opus-4-8", "max_tokens": 9, "messages": [{"role": "user", "content": secret}]}
        with trace.get_tracer("app").start_as_current_span("invoke_agent scribe", attributes=attributes) as span:
            span.add_event("said", {"what": secret})
            with anthropic.Anthropic(base_url=os.environ["PROVIDER"]) as client:
                client.messages.create(**asked)
        """,
        PROVIDER=server.url,
        OTEL_BURN_ENDPOINT=collector.url,
    )
    by_scope = {scope: span for scope, span, _ in collector.spans()}
    assert set(by_scope) == {"app", "com.anthropic.sdk.python", "otel_burn"}
    native, ours, agent = by_scope["com.anthropic.sdk.python"], by_scope["otel_burn"], by_scope["app"]
    assert (ours.parent_span_id, native.parent_span_id) == (native.span_id, agent.span_id)
    assert len({span.trace_id for span in by_scope.values()}) == 1
    assert not any(b"canary-7f3a" in body for body in collector.posted)


def test_children_of_a_fork_deliver_their_own_calls(server: Any, collector: Any) -> None:
    """A process that forks after its first call and a child that calls: each call arrives once."""
    for _ in range(3):
        server.say(ANSWER)
    run(
        CALL
        + """
        import otel_burn, time
        otel_burn.instrument()
        call()
        child = os.fork()
        if not child:
            call()
            time.sleep(0.3)  # recorded, and not delivered yet
            os._exit(0)
        os.waitpid(child, 0)
        call()
        """.replace("\n        ", "\n"),
        PROVIDER=server.url,
        OTEL_BURN_ENDPOINT=collector.url,
    )
    drain(Path(os.environ["OTEL_BURN_HOME"]) / "spool", collector.posted.append)
    ids = [span.span_id for _, span, _ in collector.spans()]
    assert len(ids) == len(set(ids)) == 3


def test_a_collector_that_comes_back_gets_everything(server: Any, collector: Any) -> None:
    """Calls made while the collector is away arrive once it is there, from the same process."""
    for _ in range(2):
        server.say(ANSWER)
    url = collector.url
    collector.shutdown()
    collector.server_close()
    run(
        CALL
        + """
        import otel_burn, time, http.server, threading
        otel_burn.instrument()
        call()
        time.sleep(0.6)
        posted = []
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                posted.append(self.rfile.read(int(self.headers["content-length"])))
                self.send_response(200); self.end_headers()
            def log_message(self, *_): pass
        port = int(os.environ["OTEL_BURN_ENDPOINT"].rpartition(":")[2])
        back = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
        threading.Thread(target=back.serve_forever, daemon=True).start()
        call()
        time.sleep(2)
        from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest as Request
        received = [resource for body in posted for resource in Request.FromString(body).resource_spans]
        spans = [span.span_id for resource in received for scope in resource.scope_spans for span in scope.spans]
        assert len(spans) == len(set(spans)) == 2, spans
        """.replace("\n        ", "\n"),
        PROVIDER=server.url,
        OTEL_BURN_ENDPOINT=url,
    )


def test_a_context_never_builds_on_a_span_that_was_dropped(server: Any) -> None:
    """A delta whose base nobody has can't be rebuilt: after a loss, all is listed again."""
    for _ in range(3):
        server.say(ANSWER)
    said = run(
        """
        import os, openai, otel_burn
        from pathlib import Path
        from otel_burn import spool
        from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
        otel_burn.instrument()
        with openai.OpenAI(base_url=os.environ["PROVIDER"] + "/v1") as client:
            for count, room in ((8, 2**26), (9, 0), (10, 2**26)):
                spool.LARGEST = room
                messages = [{"role": "user", "content": str(at)} for at in range(count)]
                client.chat.completions.create(model="gpt-5", messages=messages)
                assert otel_burn.instrumentation.active().flush(5)
        otel_burn.uninstrument()
        def show(data):
            (span,) = ExportTraceServiceRequest.FromString(data).resource_spans[0].scope_spans[0].spans
            said = {a.key: a.value for a in span.attributes}
            print(said["burn.context.status"].string_value, said["burn.context.blocks"].int_value)
        spool.drain(Path(os.environ["OTEL_BURN_HOME"]) / "spool", show)
        """,
        PROVIDER=server.url,
    )
    assert said.split("\n") == ["full 8", "full 10", ""]
