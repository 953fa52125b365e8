"""What was a collector told at its start? One frozen value that its processes share."""

import json
import os
import secrets
from dataclasses import asdict, dataclass
from ipaddress import ip_address
from pathlib import Path

TOKEN_VARIABLE = "OTEL_BURN_TOKEN"  # noqa: S105 - the variable's name


@dataclass(frozen=True)
class Settings:
    """Where a collector listens, what it writes, and who may ask it."""

    db: Path
    data_dir: Path
    host: str
    http_port: int
    sql_port: int
    token: str
    idle_timeout: float | None = None

    @property
    def journal(self) -> Path:
        """The folder of the journal's segments."""
        return self.data_dir / "journal"

    @property
    def http_url(self) -> str:
        """Where OTLP and commands go."""
        return f"http://{_reachable(self.host)}:{self.http_port}"

    @property
    def sql_url(self) -> str:
        """Where SQL goes; loopback always."""
        return f"http://127.0.0.1:{self.sql_port}"

    @property
    def loopback(self) -> bool:
        """Whether only this machine can reach the collector."""
        return is_loopback(self.host)

    def to_json(self) -> str:
        """The settings as one line, for a process of this collector."""
        return json.dumps(asdict(self), default=str)

    @classmethod
    def from_json(cls, line: str) -> "Settings":
        """The settings that `to_json` wrote."""
        fields = json.loads(line)
        return cls(**fields | {"db": Path(fields["db"]), "data_dir": Path(fields["data_dir"])})


def data_dir_of(db: Path) -> Path:
    """The folder beside *db* that holds what a collector keeps for it."""
    return db.with_name(f"{db.name}.d")


def new_token() -> str:
    """The bearer token of this start: `OTEL_BURN_TOKEN` if set, else a random one."""
    return os.environ.get(TOKEN_VARIABLE) or secrets.token_urlsafe(32)


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
