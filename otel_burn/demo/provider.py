"""What stands in for OpenAI, Anthropic and Google? Servers on loopback that answer from scripts and keep the truth."""

import json
import math
import re
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Lock, Thread
from types import TracebackType
from typing import Any, Self
from urllib.parse import unquote

from otel_burn.demo import anthropic_format, gemini_format, openai_format, responses_format
from otel_burn.demo.dialogue import Answer, Prompt
from otel_burn.demo.prompt_cache import Counting, PromptCache
from otel_burn.demo.scripted_model import Refused, ScriptedModel
from otel_burn.demo.scripts import TOLD, Script, script_for

Json = dict[str, Any]


@dataclass(frozen=True)
class Api:
    """One provider's API: where it is spoken, how it reads, answers, streams, counts and refuses."""

    provider: str
    path: re.Pattern[str]
    """Its groups are read as if they stood in the body."""
    request_id: str | None
    read: Callable[[Mapping[str, Any]], Prompt]
    count: Counting
    plain: Callable[[Answer], Json]
    events: Callable[[Answer, Prompt], Iterator[bytes]]
    usage: Callable[[Answer], Json]
    error: Callable[[int, str, str], Json]
    stream_type: str = "text/event-stream; charset=utf-8"


CHAT = Api(
    provider="openai",
    path=re.compile(r"/v1/chat/completions"),
    request_id=openai_format.REQUEST_ID,
    read=openai_format.read,
    count=PromptCache.automatic,
    plain=openai_format.plain,
    events=openai_format.events,
    usage=openai_format.usage,
    error=openai_format.error,
)
RESPONSES = Api(
    provider="openai",
    path=re.compile(r"/v1/responses"),
    request_id=openai_format.REQUEST_ID,
    read=responses_format.read,
    count=PromptCache.automatic,
    plain=responses_format.plain,
    events=responses_format.events,
    usage=responses_format.usage,
    error=openai_format.error,
)
MESSAGES = Api(
    provider="anthropic",
    path=re.compile(r"/v1/messages"),
    request_id=anthropic_format.REQUEST_ID,
    read=anthropic_format.read,
    count=PromptCache.marked,
    plain=anthropic_format.plain,
    events=anthropic_format.events,
    usage=anthropic_format.usage,
    error=anthropic_format.error,
)
GENERATE_CONTENT = Api(
    provider="gcp.gemini",
    path=re.compile(r"/v1(beta)?/models/(?P<model>[^/:]+):(?P<method>generateContent|streamGenerateContent)"),
    request_id=None,
    read=gemini_format.read,
    count=PromptCache.automatic,
    plain=gemini_format.plain,
    events=gemini_format.events,
    usage=gemini_format.usage,
    error=gemini_format.error,
)
MISSING_MODEL = "no-such-model"
"""The one model that no provider here has."""
KEY_HEADERS = ("authorization", "x-api-key", "x-goog-api-key")


class ScriptedProvider:
    """A server a provider on free ports of loopback; they answer from the same scripts.

    *pace* is the pause before a response; *truth* is a file that every answer is added to as a JSON line;
    another *salt* makes other ids, and nothing else.
    """

    def __init__(self, *, truth: Path | None = None, pace: float = 0.0, salt: str = "") -> None:
        self.model = ScriptedModel(salt)
        self.pace = pace
        self.served: list[Json] = []
        self._truth = truth
        self._lock = Lock()
        self._servers: list[ApiServer] = []
        self.openai = self.listen(CHAT, RESPONSES)
        self.anthropic = self.listen(MESSAGES)
        self.gemini = self.listen(GENERATE_CONTENT)

    def listen(self, *apis: Api) -> "ApiServer":
        """A server for *apis* on a port of its own; it answers once this provider is entered."""
        self._servers.append(ApiServer(self, *apis))
        return self._servers[-1]

    @property
    def environment(self) -> dict[str, str]:
        """The variables that lead the SDKs here, and tell otel-burn who it is that they find."""
        who = (f"{server.address}={server.apis[0].provider}" for server in self._servers)
        return {
            "OPENAI_BASE_URL": f"http://{self.openai.address}/v1",
            "OPENAI_API_KEY": "demo",
            "ANTHROPIC_BASE_URL": f"http://{self.anthropic.address}",
            "ANTHROPIC_API_KEY": "demo",
            "GOOGLE_GEMINI_BASE_URL": f"http://{self.gemini.address}",
            "GEMINI_API_KEY": "demo",
            "OTEL_BURN_PROVIDERS": ",".join(who),
        }

    def record(self, row: Json) -> None:
        """Keep what was served: the truth that a ledger can be held to."""
        with self._lock:
            self.served.append(row)
            if self._truth is not None:
                with self._truth.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(row) + "\n")

    def __enter__(self) -> Self:
        for server in self._servers:
            Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for server in self._servers:
            server.shutdown()
            server.server_close()


class ApiServer(ThreadingHTTPServer):
    """Speaks the APIs of one provider."""

    daemon_threads = True

    def __init__(self, provider: ScriptedProvider, *apis: Api) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.provider = provider
        self.apis = apis

    @property
    def address(self) -> str:
        """Its host and port."""
        return f"127.0.0.1:{self.server_port}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        # An agent that hangs up is its own business; everything else is a mistake of ours, and shown.
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    server: ApiServer
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        path = unquote(self.path.partition("?")[0])
        matches = ((api, api.path.fullmatch(path)) for api in self.server.apis)
        api, match = next((found for found in matches if found[1]), (self.server.apis[0], None))
        if match is None:
            known = ", ".join(api.path.pattern for api in self.server.apis)
            self._refuse(api, 404, f"There is no {self.path} here; this server knows {known} alone.")
            return
        if not any(name in self.headers for name in KEY_HEADERS):
            self._refuse(api, 401, f"You did not provide an API key in {' or '.join(KEY_HEADERS)}.")
            return
        try:
            prompt = api.read({**json.loads(body), **match.groupdict()})
            script = script_for(prompt.system, self.headers.get(TOLD))
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            self._refuse(api, 400, f"The body is no request that this API knows: {error!r}")
            return
        time.sleep(self.server.provider.pace)
        self._answer(api, prompt, script)

    def log_message(self, format: str, *args: Any) -> None:
        """Requests are recorded, not printed."""

    def _answer(self, api: Api, prompt: Prompt, script: Script) -> None:
        provider = self.server.provider
        if prompt.model == MISSING_MODEL:
            provider.record(
                {"provider": api.provider, "model": prompt.model, "stream": prompt.stream, "status": 404}
            )
            self._refuse(api, 404, f"The model {prompt.model} does not exist.")
            return
        answer = provider.model.answer(prompt, api.count, script)
        row = {
            "agent": script.agent,
            "provider": api.provider,
            "model": prompt.model,
            "stream": prompt.stream,
        }
        if isinstance(answer, Refused):
            provider.record({**row, "status": answer.status})
            self._put_off(api, prompt.model, answer)
            return
        used = {**asdict(answer.consumption), "input": answer.consumption.input}
        request_id = f"req_{answer.id}"
        whole = api.plain(answer)
        ids = {"request_id": request_id, "response_id": whole.get("id") or whole.get("responseId")}
        provider.record({**row, "status": 200, **ids, "tokens": used, "usage": api.usage(answer)})
        headers = {api.request_id: request_id} if api.request_id else {}
        if prompt.stream:
            self._stream(api.events(answer, prompt), api.stream_type, headers)
        else:
            self._json(200, whole, headers)

    def _put_off(self, api: Api, model: str, refused: Refused) -> None:
        if refused.seconds is None:
            self._refuse(api, refused.status, f"{model} is overloaded. Please try again later.")
            return
        message = f"Rate limit reached for {model}. Please try again in {refused.seconds:g}s."
        wait = {
            "retry-after": f"{math.ceil(refused.seconds)}",
            "retry-after-ms": f"{refused.seconds * 1000:.0f}",
        }
        self._refuse(api, refused.status, message, wait)

    def _refuse(self, api: Api, status: int, message: str, headers: Mapping[str, str] | None = None) -> None:
        request_id = f"req_refused_{status}"
        named = {api.request_id: request_id} if api.request_id else {}
        self._json(status, api.error(status, message, request_id), {**named, **(headers or {})})

    def _json(self, status: int, body: Json, headers: Mapping[str, str] | None = None) -> None:
        payload = json.dumps(body).encode()
        self._head(status, "application/json", {**(headers or {}), "content-length": str(len(payload))})
        self.wfile.write(payload)

    def _stream(self, events: Iterator[bytes], content_type: str, headers: Mapping[str, str]) -> None:
        chunked = {**headers, "cache-control": "no-cache", "transfer-encoding": "chunked"}
        self._head(200, content_type, chunked)
        for event in events:
            self.wfile.write(b"%x\r\n%b\r\n" % (len(event), event))
            time.sleep(self.server.provider.pace / 10)
        self.wfile.write(b"0\r\n\r\n")

    def _head(self, status: int, content_type: str, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in {"content-type": content_type, **headers}.items():
            self.send_header(name, value)
        self.end_headers()
