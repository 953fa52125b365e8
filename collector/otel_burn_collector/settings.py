"""What was a collector told at its start? One frozen value that its processes share."""

import json
import re
import secrets
from dataclasses import asdict, dataclass, field
from ipaddress import ip_address
from pathlib import Path

from otel_burn import locations
from otel_burn.errors import BurnError
from otel_burn.locations import TOKEN_VARIABLE
from otel_burn_collector.keeping import Keeping

_TOKEN = re.compile(r"[!-~]+")
"""What an HTTP header carries unchanged."""
MAX_REQUEST_BYTES = 64 << 20
"""The limit that OTLP 1.11 recommends, before and after decompression."""
LARGEST_REQUEST_BYTES = 1 << 30
"""What it can be raised to; so much of any journalled request is read."""

AGAIN = 100
"""The exit code of a process that wants to be started again at once, as a part of its work."""
KEEP_CONTENT_VARIABLE = "OTEL_BURN_KEEP_CONTENT"
"""Whether what other emitters say of prompts, answers and tools is stored; an environment variable, so that it
holds for imports without a collector, too."""

QUERY_SECONDS = 120.0
"""How long one SQL query may take."""


@dataclass(frozen=True)
class Settings:
    """Where a collector listens, what it writes, and who may ask it."""

    db: Path
    data_dir: Path
    host: str
    http_port: int
    grpc_port: int
    sql_port: int
    token: str
    local_port: int = 0
    """Plain HTTP for this machine's own programs, where `host` and `http_port` are not that; else 0."""
    tls_cert: Path | None = None
    tls_key: Path | None = None
    cors_origins: tuple[str, ...] = ()
    max_request_bytes: int = MAX_REQUEST_BYTES
    idle_timeout: float | None = None
    keeping: Keeping = field(default_factory=Keeping)
    query_seconds: float = QUERY_SECONDS
    log_format: str = "text"
    log_level: str = "info"

    @property
    def journal(self) -> Path:
        """The folder of the journal's segments."""
        return self.data_dir / "journal"

    @property
    def http_url(self) -> str:
        """Where programs of this machine send OTLP and commands."""
        return f"http://127.0.0.1:{self.local_port}" if self.local_port else self.otlp_url

    @property
    def otlp_url(self) -> str:
        """Where everyone sends OTLP over HTTP."""
        return f"{self._scheme}://{_reachable(self.host)}:{self.http_port}"

    @property
    def grpc_url(self) -> str:
        """Where everyone sends OTLP over gRPC, as exporters want to be told."""
        return f"{self._scheme}://{_reachable(self.host)}:{self.grpc_port}"

    @property
    def sql_url(self) -> str:
        """Where SQL goes; loopback always."""
        return f"http://127.0.0.1:{self.sql_port}"

    @property
    def loopback(self) -> bool:
        """Whether only this machine can reach the collector."""
        return is_loopback(self.host)

    @property
    def _scheme(self) -> str:
        return "https" if self.tls_cert else "http"

    def to_json(self) -> str:
        """The settings as one line, for a process of this collector."""
        return json.dumps(asdict(self), default=str)

    @classmethod
    def from_json(cls, line: str) -> "Settings":
        """The settings that `to_json` wrote."""
        fields = json.loads(line)
        paths = {name: fields[name] and Path(fields[name]) for name in _PATHS}
        origins, keeping = tuple(fields["cors_origins"]), Keeping(**fields["keeping"])
        return cls(**fields | paths | {"cors_origins": origins, "keeping": keeping})


_PATHS = ("db", "data_dir", "tls_cert", "tls_key")


def data_dir_of(db: Path) -> Path:
    """The folder beside *db* that holds what a collector keeps for it."""
    return db.with_name(f"{db.name}.d")


def new_token() -> str:
    """The bearer token of this start: `OTEL_BURN_TOKEN` if set, else a random one."""
    token = locations.token() or secrets.token_urlsafe(32)
    if not _TOKEN.fullmatch(token):
        raise BurnError(
            f"{TOKEN_VARIABLE} has spaces, or characters that are not ASCII. Choose another token."
        )
    return token


def is_loopback(host: str) -> bool:
    """Whether *host* names this machine and only this machine."""
    if host.lower() == "localhost":
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _reachable(host: str) -> str:
    if host in ("0.0.0.0", "::"):  # noqa: S104 - compared, not bound
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host
