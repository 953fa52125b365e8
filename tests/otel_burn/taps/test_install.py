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


TAPPED = {
    "httpx": "Client.send",
    "httpx2": "AsyncClient.send",
    "requests": "Session.send",
    "urllib3": "HTTPConnectionPool.urlopen",
    "aiohttp": "ClientSession._request",
    "botocore.httpsession": "URLLib3Session.send",
}


@pytest.mark.parametrize("first", ["instrument", "import"])
def test_before_and_after_the_import(first: str) -> None:
    """Every library is tapped whether it was imported before or after, keeps its own loader, and gets all back."""
    imports = f"import {', '.join(TAPPED)}"
    said = in_a_new_process(f"""
        import operator, otel_burn
        from otel_burn import instrumentation
        {f"otel_burn.instrument(); {imports}" if first == "instrument" else f"{imports}; otel_burn.instrument()"}
        print(instrumentation.active().taps.active == sorted({list(TAPPED)}))
        methods = [operator.attrgetter(path) for path in {[f"{a}.{b}" for a, b in TAPPED.items()]}]
        import aiohttp, botocore.httpsession, httpx, httpx2, requests, urllib3
        class All: pass
        for module in (aiohttp, botocore, httpx, httpx2, requests, urllib3):
            setattr(All, module.__name__, module)
        originals = [method(All).__wrapped__ for method in methods]
        otel_burn.uninstrument()
        print(all(method(All) is original for method, original in zip(methods, originals)))
        print({{type(module.__spec__.loader).__name__ for module in (aiohttp, httpx, requests, urllib3)}})
    """)
    assert said.split("\n") == ["True", "True", "{'SourceFileLoader'}"]


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


@pytest.mark.parametrize("name", ["httpx", "requests", "urllib3", "aiohttp"])
@pytest.mark.parametrize("order", ["import {}; otel_burn.instrument()", "otel_burn.instrument(); import {}"])
def test_a_module_of_the_user_s_own(tmp_path: Path, name: str, order: str) -> None:
    """It is imported as ever, and not tapped, though it has classes that are called so."""
    classes = ("Client", "Session", "HTTPConnectionPool", "ClientSession")
    mine = "class {}:\n    send = urlopen = _request = None\n"
    (tmp_path / f"{name}.py").write_text("".join(map(mine.format, classes)))
    said = in_a_new_process(f"""
        import sys
        sys.path.insert(0, {str(tmp_path)!r})
        import otel_burn
        {order.format(name)}
        classes = [getattr({name}, named) for named in {classes}]
        print([one for one in classes if (one.send, one.urlopen, one._request) != (None, None, None)])
    """)
    assert said == "[]"


def test_a_stand_in_of_a_test_s() -> None:
    """A mock in a library's place is left alone."""
    said = in_a_new_process("""
        import sys, unittest.mock
        mocks = {name: unittest.mock.MagicMock() for name in ("requests", "urllib3", "aiohttp")}
        sys.modules.update(mocks)
        import otel_burn
        otel_burn.instrument()
        import requests
        requests.Session().send("x")
        print([name for name, mock in mocks.items() if hasattr(mock.Session.send, "__wrapped__")])
    """)
    assert said == "[]"


def test_a_wrapper_of_somebody_else_s_on_top(server: Any, asked: dict[str, Any]) -> None:
    """Who wraps us later keeps its wrapper, and we are a plain passage."""
    said = in_a_new_process(f"""
        import functools, otel_burn, requests
        otel_burn.instrument()
        ours = requests.Session.send
        @functools.wraps(ours)
        def theirs(self, *args, **kwargs):
            print("theirs")
            return ours(self, *args, **kwargs)
        requests.Session.send = theirs
        otel_burn.uninstrument()
        print(requests.Session.send is theirs)
        print(requests.post("{server.url}/v1/chat/completions", json={asked!r}).status_code)
    """)
    assert said.split() == ["True", "theirs", "200"]


def test_instrumenting_in_many_threads_at_once() -> None:
    """Whatever threads import, instrument and uninstrument at once: in the end all is as it was."""
    said = in_a_new_process("""
        import importlib, random, sys, threading, otel_burn
        sys.setswitchinterval(1e-5)
        def change():
            for _ in range(30):
                random.choice((otel_burn.instrument, otel_burn.uninstrument))()
        def fetch():
            for name in ("requests", "aiohttp", "httpx", "botocore.httpsession"):
                importlib.import_module(name)
        threads = [threading.Thread(target=work) for work in (change, change, fetch, change, fetch)]
        for thread in threads: thread.start()
        for thread in threads: thread.join()
        otel_burn.uninstrument()
        import aiohttp, botocore.httpsession, httpx, requests, urllib3
        methods = (requests.Session.send, urllib3.HTTPConnectionPool.urlopen, aiohttp.ClientSession._request,
                   httpx.Client.send, httpx.AsyncClient.send, botocore.httpsession.URLLib3Session.send)
        print([method for method in methods if hasattr(method, "otel_burn_tap")])
        otel_burn.instrument()
        print(len([m for m in (requests.Session.send, httpx.Client.send) if hasattr(m, "otel_burn_tap")]))
    """)
    assert said.split() == ["[]", "2"]


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
