"""Does a web server's every LLM call arrive, whichever way its workers start and end?"""

import signal
import sys
from importlib.util import find_spec
from typing import Any, NamedTuple

import pytest

WSGI = """
from asking import ask

def app(environ, start_response):
    start_response("200 OK", [("content-type", "text/plain")])
    return [ask().encode()]
"""
CALLING_AT_IMPORT = "from asking import ask\nask()\n" + WSGI
STARLETTE = """
from asking import ask
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.responses import PlainTextResponse
from starlette.routing import Route

async def answer(request):
    return PlainTextResponse(await run_in_threadpool(ask))

app = Starlette(routes=[Route("/", answer)])
"""
FASTAPI = """
import os, httpx2
from fastapi import FastAPI
from fastapi.responses import PlainTextResponse

app = FastAPI()

@app.get("/", response_class=PlainTextResponse)
async def answer():
    asked = {"model": "gpt-5-mini", "messages": [{"role": "user", "content": "hello"}]}
    async with httpx2.AsyncClient(headers={"authorization": "Bearer demo"}) as client:
        answer = await client.post(os.environ["OPENAI_BASE_URL"] + "/chat/completions", json=asked, timeout=60)
    return answer.json()["id"]
"""
FLASK = """
import sys
from asking import ask
from flask import Flask

app = Flask(__name__)
app.add_url_rule("/", view_func=ask)
if __name__ == "__main__":
    app.run(port=int(sys.argv[1]), threaded=True)
"""
DJANGO = """
import sys
from asking import ask
from django.conf import settings
from django.core.management import execute_from_command_line
from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse
from django.urls import path

settings.configure(DEBUG=True, SECRET_KEY="none", ROOT_URLCONF=__name__, ALLOWED_HOSTS=["127.0.0.1"])
urlpatterns = [path("", lambda request: HttpResponse(ask()))]
if __name__ == "__main__":
    execute_from_command_line(sys.argv)
else:
    app = get_wsgi_application()
"""
GUNICORN = (sys.executable, "-m", "gunicorn", "--bind", "127.0.0.1:{port}", "--log-level", "warning")
UVICORN = (sys.executable, "-m", "uvicorn", "--port", "{port}", "--log-level", "warning")


class StartUp(NamedTuple):
    """An application and the way in which it is served."""

    needs: tuple[str, ...]
    app: str
    command: tuple[str, ...]
    at_import: int = 0
    """Calls that the application makes when it is imported."""
    requests: int = 8
    by: signal.Signals = signal.SIGTERM


START_UPS = {
    "gunicorn": StartUp(("gunicorn",), WSGI, (*GUNICORN, "--workers", "2", "app:app")),
    "gunicorn --preload": StartUp(
        ("gunicorn",), CALLING_AT_IMPORT, (*GUNICORN, "--workers", "2", "--preload", "app:app"), at_import=1
    ),
    "gunicorn --threads": StartUp(
        ("gunicorn",), WSGI, (*GUNICORN, "--workers", "2", "--threads", "3", "app:app")
    ),
    "gunicorn --max-requests": StartUp(
        ("gunicorn",), WSGI, (*GUNICORN, "--workers", "2", "--max-requests", "3", "app:app"), requests=16
    ),
    "gunicorn --worker-class gevent": StartUp(
        ("gunicorn", "gevent"), WSGI, (*GUNICORN, "--workers", "2", "--worker-class", "gevent", "app:app")
    ),
    "uvicorn": StartUp(("uvicorn", "starlette"), STARLETTE, (*UVICORN, "app:app")),
    "uvicorn --workers": StartUp(
        ("uvicorn", "starlette"), STARLETTE, (*UVICORN, "--workers", "2", "app:app")
    ),
    "fastapi": StartUp(("uvicorn", "fastapi"), FASTAPI, (*UVICORN, "--workers", "2", "app:app")),
    "flask, threaded": StartUp(("flask",), FLASK, (sys.executable, "app.py", "{port}")),
    "django runserver": StartUp(
        ("django",), DJANGO, (sys.executable, "app.py", "runserver", "{port}"), by=signal.SIGINT
    ),
    "django runserver --noreload": StartUp(
        ("django",), DJANGO, (sys.executable, "app.py", "runserver", "--noreload", "{port}")
    ),
    "django, gunicorn": StartUp(("django", "gunicorn"), DJANGO, (*GUNICORN, "--workers", "2", "app:app")),
}


@pytest.mark.parametrize("name", START_UPS)
def test_every_call_of_a_server_arrives_once(name: str, world: Any) -> None:
    """Requests are answered, a signal ends the server soon and without a word of ours, and no call is missing."""
    start_up = START_UPS[name]
    for module in start_up.needs:
        if find_spec(module) is None:
            pytest.skip(f"{module} is not installed; the extra `startups` has it")
    world.write("app.py", start_up.app)
    said, seconds = world.serve(*start_up.command, requests=start_up.requests, by=start_up.by)
    assert "otel" not in said.lower(), said
    assert "Traceback" not in said
    world.assert_ledger_has_all(start_up.requests + start_up.at_import)
    assert seconds < 15
