"""Are taps put in whenever a library is imported, and taken out without trace?"""

import functools
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx2
import pytest
from opentelemetry.sdk.trace import ReadableSpan

import otel_burn
from otel_burn import instrumentation
from otel_burn.taps.asked_usage import AskedUsage
from otel_burn.taps.observer import Observer

Spans = Callable[[], list[ReadableSpan]]
Facts = Callable[[ReadableSpan], dict[str, Any]]


def in_a_new_process(program: str) -> str:
    """What *program* prints in an interpreter of its own."""
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return done.stdout.strip()


@pytest.mark.parametrize(
    "order", ["import httpx2; otel_burn.instrument()", "otel_burn.instrument(); import httpx2"]
)
def test_before_and_after_the_import(order: str) -> None:
    """A library is tapped whether it was imported before or after, and its module keeps its own loader."""
    said = in_a_new_process(f"""
        import otel_burn
        {order}
        print(hasattr(httpx2.Client.send, "otel_burn_tap"), type(httpx2.__spec__.loader).__name__)
        otel_burn.uninstrument()
        print(hasattr(httpx2.Client.send, "otel_burn_tap"))
    """)
    assert said.split() == ["True", "SourceFileLoader", "False"]


def test_where_httpx_is_httpx2() -> None:
    """Where httpx is an alias of httpx2, the one class is tapped once and left as it was."""
    said = in_a_new_process("""
        import httpx2
        httpx2.alias_httpx()
        original = httpx2.Client.send
        import otel_burn
        otel_burn.instrument()
        import httpx
        print(httpx.Client is httpx2.Client, httpx.Client.send.__wrapped__ is original)
        otel_burn.uninstrument()
        print(httpx.Client.send is original)
    """)
    assert said.split() == ["True", "True", "True"]


@pytest.mark.parametrize(
    "order", ["import httpx; otel_burn.instrument()", "otel_burn.instrument(); import httpx"]
)
def test_a_module_of_the_user_s_own_that_is_called_httpx(tmp_path: Path, order: str) -> None:
    """It is imported as ever, and not tapped."""
    (tmp_path / "httpx.py").write_text("mine = True")
    said = in_a_new_process(f"""
        import sys
        sys.path.insert(0, {str(tmp_path)!r})
        import otel_burn
        {order}
        print(httpx.mine)
    """)
    assert said == "True"


def test_a_library_that_is_imported_anew() -> None:
    """Where a test throws httpx2 away and imports it again, the new one is tapped too."""
    said = in_a_new_process("""
        import sys, otel_burn
        otel_burn.instrument()
        import httpx2
        for name in [name for name in sys.modules if name.startswith("httpx2")]:
            del sys.modules[name]
        import httpx2
        print(hasattr(httpx2.Client.send, "otel_burn_tap"))
    """)
    assert said == "True"


def test_a_library_is_looked_up_without_being_imported() -> None:
    """`find_spec` gives a loader that can do all that the library's own can."""
    said = in_a_new_process("""
        import importlib.util, pkgutil, otel_burn
        otel_burn.instrument()
        loader = importlib.util.find_spec("httpx2").loader
        print(loader.get_filename("httpx2").endswith("__init__.py"), loader.is_package("httpx2"))
        print(pkgutil.get_data("httpx2", "py.typed") is not None)
    """)
    assert said.split() == ["True", "True", "True"]


def test_instrumenting_again_below_somebody_else_s_wrapper(
    spans: Spans, monkeypatch: pytest.MonkeyPatch, ask_nobody: Callable[[], None]
) -> None:
    """A wrapper made with functools copies our mark; calls are seen again all the same, and once."""
    ours = httpx2.Client.send

    @functools.wraps(ours)
    def theirs(*args: Any, **kwargs: Any) -> Any:
        return ours(*args, **kwargs)

    monkeypatch.setattr(httpx2.Client, "send", theirs)
    otel_burn.uninstrument()
    otel_burn.instrument()
    ask_nobody()
    active = instrumentation.active()
    assert active is not None
    assert active.observer.llm_calls == 1
    otel_burn.uninstrument()
    monkeypatch.undo()


def test_half_an_opentelemetry(
    monkeypatch: pytest.MonkeyPatch, spans: Spans, ask_nobody: Callable[[], None]
) -> None:
    """A call is seen while another thread is in the middle of importing OpenTelemetry."""
    with monkeypatch.context() as importing:
        importing.setitem(sys.modules, "opentelemetry.trace", ModuleType("opentelemetry.trace"))
        # The end of the call waits for the import in the recorder's thread, so only its start is played here.
        asked_usage = AskedUsage({}, enabled=False)
        observer = Observer(lambda _: None, on_progress=lambda _: None, asked_usage=asked_usage)
        asked = observer.begin("POST", "llm", None, "/v1/chat/completions", lambda: b"{}", {})
    assert asked is not None
    assert asked.parent is None
    ask_nobody()
    assert len(spans()) == 1
