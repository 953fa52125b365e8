"""What can a user ask of `otel-burn collector`, and what is refused because it is not safe?"""

import argparse
from dataclasses import dataclass
from pathlib import Path

from otel_burn import locations
from otel_burn.errors import BurnError
from otel_burn.locations import TOKEN_VARIABLE
from otel_burn_collector import keeping, logs
from otel_burn_collector.keeping import Keeping
from otel_burn_collector.settings import (
    LARGEST_REQUEST_BYTES,
    MAX_REQUEST_BYTES,
    QUERY_SECONDS,
    is_loopback,
)
from otel_burn_collector.tls import server_context

MIB = 1 << 20


@dataclass(frozen=True)
class Options:
    """What the user asked for; ports that are 0 are not chosen yet."""

    db: Path
    host: str
    http_port: int
    grpc_port: int
    sql_port: int
    data_dir: Path | None
    idle_timeout: float | None
    tls_cert: Path | None
    tls_key: Path | None
    insecure: bool
    cors_origins: tuple[str, ...]
    max_request_bytes: int
    keeping: Keeping
    query_seconds: float
    log_format: str
    log_level: str


def add_options(parser: argparse.ArgumentParser) -> None:
    """Give *parser* everything that `Options` holds but the database."""
    add = parser.add_argument
    add("--host", default="127.0.0.1", help="listen on this address (default: 127.0.0.1)")
    for name, what, default in (
        ("http", "OTLP/HTTP", locations.DEFAULT_HTTP_PORT),
        ("grpc", "OTLP/gRPC", locations.DEFAULT_GRPC_PORT),
    ):
        text = f"{what} (default: {default}; 0: a free one)"
        add(f"--{name}-port", type=_port, default=default, metavar="PORT", help=text)
    add("--sql-port", type=_port, default=0, metavar="PORT", help="SQL, on loopback (default: a free one)")
    add("--data-dir", type=Path, metavar="DIR", help="journal and log (default: beside the database)")
    add("--tls-cert", type=Path, metavar="FILE", help="serve TLS with this certificate chain (PEM)")
    add("--tls-key", type=Path, metavar="FILE", help="the key of the certificate (PEM, no passphrase)")
    add("--insecure", action="store_true", help="allow another --host than loopback without TLS")
    add(
        "--cors-origin",
        action="append",
        default=[],
        metavar="ORIGIN",
        help="let web pages of this origin send OTLP/HTTP (repeatable; `*`: any)",
    )
    add(
        "--max-request",
        type=_mebibytes,
        default=MAX_REQUEST_BYTES // MIB,
        metavar="MIB",
        help=f"the largest request, before and after decompression (default: {MAX_REQUEST_BYTES // MIB})",
    )
    add(
        "--query-seconds",
        type=_seconds,
        default=QUERY_SECONDS,
        metavar="SECONDS",
        help=f"how long one SQL query may take (default: {QUERY_SECONDS:g})",
    )
    add(
        "--log-format",
        choices=logs.FORMATS,
        default="text",
        help="a line an event, as text or JSON (default: text)",
    )
    add("--log-level", choices=logs.LEVELS, default="info", help="the least that is logged (default: info)")
    add("--idle-timeout", type=_seconds, metavar="SECONDS", help="end when nobody needs it this long")
    keeping.configure(parser)


def options_of(arguments: argparse.Namespace, db: Path) -> Options:
    """What *arguments* ask for; `BurnError` when they would leave data open to others."""
    options = Options(
        db=db.absolute(),
        host=arguments.host,
        http_port=arguments.http_port,
        grpc_port=arguments.grpc_port,
        sql_port=arguments.sql_port,
        data_dir=arguments.data_dir and arguments.data_dir.absolute(),
        idle_timeout=arguments.idle_timeout,
        tls_cert=arguments.tls_cert and arguments.tls_cert.absolute(),
        tls_key=arguments.tls_key and arguments.tls_key.absolute(),
        insecure=arguments.insecure,
        cors_origins=tuple(arguments.cors_origin),
        max_request_bytes=arguments.max_request * MIB,
        keeping=keeping.of(arguments),
        query_seconds=arguments.query_seconds,
        log_format=arguments.log_format,
        log_level=arguments.log_level,
    )
    _refuse_what_is_open(options)
    return options


def as_arguments(options: Options) -> list[str]:
    """The command line that asks for *options*."""
    single = {
        "--db": options.db,
        "--host": options.host,
        "--http-port": options.http_port,
        "--grpc-port": options.grpc_port,
        "--sql-port": options.sql_port,
        "--data-dir": options.data_dir,
        "--idle-timeout": options.idle_timeout,
        "--tls-cert": options.tls_cert,
        "--tls-key": options.tls_key,
        "--max-request": options.max_request_bytes // MIB,
        **keeping.given(options.keeping),
        "--query-seconds": options.query_seconds,
        "--log-format": options.log_format,
        "--log-level": options.log_level,
    }
    given = [part for option, value in single.items() if value is not None for part in (option, str(value))]
    given += [part for origin in options.cors_origins for part in ("--cors-origin", origin)]
    return given + ["--insecure"] * options.insecure


def _refuse_what_is_open(options: Options) -> None:
    if (options.tls_cert is None) != (options.tls_key is None):
        raise BurnError("TLS needs both --tls-cert and --tls-key; only one of them is given.")
    if options.tls_cert and options.tls_key:
        server_context(options.tls_cert, options.tls_key)
    if options.tls_cert is None and not options.insecure and not is_loopback(options.host):
        raise BurnError(
            f"The host {options.host} can be reached from other machines, and without TLS anyone between could read "
            "what they send, and the token. Give --tls-cert and --tls-key, leave --host away to listen on this "
            f"machine only, or say --insecure where the network is yours (the token in {TOKEN_VARIABLE} is needed "
            "either way)."
        )


def _port(text: str) -> int:
    number = int(text)
    if not 0 <= number <= 65535:
        raise argparse.ArgumentTypeError(f"{text} is no port; ports go from 0 to 65535")
    return number


def _seconds(text: str) -> float:
    number = float(text)
    if not 0 < number < 1e9:
        raise argparse.ArgumentTypeError(f"{text} is no number of seconds above 0")
    return number


def _mebibytes(text: str) -> int:
    number = int(text)
    if not 1 <= number <= LARGEST_REQUEST_BYTES // MIB:
        raise argparse.ArgumentTypeError(f"{text} is no size; requests of 1 to 1024 MiB can be allowed")
    return number
