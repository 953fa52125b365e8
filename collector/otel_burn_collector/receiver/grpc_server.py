"""How is OTLP taken over gRPC? Raw messages into the same intake as over HTTP, with the same refusals."""

import logging
from collections.abc import Awaitable, Callable
from typing import Any, NoReturn

import grpc

from otel_burn.errors import BurnError
from otel_burn_collector.access import is_bearer
from otel_burn_collector.journal.records import Encoding
from otel_burn_collector.measures import Counters
from otel_burn_collector.otlp.signals import PROFILES_SERVICE, SIGNALS, Signal
from otel_burn_collector.process import GRACE_SECONDS
from otel_burn_collector.receiver.answers import NO_PROFILES, RefusedError, accepted, retry_info
from otel_burn_collector.receiver.gate import NO_TOKEN
from otel_burn_collector.receiver.intake import Intake
from otel_burn_collector.receiver.reads import Reads
from otel_burn_collector.settings import Settings

GZIP_MAGIC = b"\x1f\x8b"
"""No protobuf message begins so (a field of wire type 7), so a compressed one is told without its header."""
_OPTIONS = {
    "grpc.so_reuseport": 1,  # the supervisor holds the port
    # Compressed messages come as they are, and are unpacked and journalled like those over HTTP.
    "grpc.per_message_decompression": 0,
    "grpc.compression_enabled_algorithms_bitset": 0b101,  # none and gzip: deflate could not be told
    "grpc.max_concurrent_streams": 128,
    "grpc.max_allowed_incoming_connections": 1000,
    "grpc.server_handshake_timeout_ms": 10_000,
    # A peer that is gone is noticed, and exporters may look whether we are.
    "grpc.keepalive_time_ms": 60_000,
    "grpc.keepalive_timeout_ms": 20_000,
    "grpc.http2.min_recv_ping_interval_without_data_ms": 10_000,
}
_CODES = {code.value[0]: code for code in grpc.StatusCode}

log = logging.getLogger(__name__)

Context = Any
"""grpc.aio.ServicerContext, which has no types."""
Export = Callable[[Any, Context], Awaitable[bytes]]


class GrpcServer:
    """Serves OTLP/gRPC beside HTTP, on the same event loop: a slow sender holds a coroutine, not a thread."""

    def __init__(self, settings: Settings, intake: Intake, counters: Counters | None = None) -> None:
        self._counters = counters or Counters()
        self._settings = settings
        self._intake = intake
        self._reads = Reads()
        self._server: Any = None
        self._exports = {signal.service: self._export(signal) for signal in SIGNALS}
        self._exports[PROFILES_SERVICE] = self._refuse_profiles

    async def start(self) -> None:
        """Serve."""
        options = _OPTIONS | {"grpc.max_receive_message_length": self._intake.limit}
        self._server = grpc.aio.server(options=list(options.items()))
        self._server.add_generic_rpc_handlers([_handler(*export) for export in self._exports.items()])
        self._bind(self._server)
        await self._server.start()

    async def stop(self) -> None:
        """Finish what is under way."""
        if self._server is not None:
            await self._server.stop(GRACE_SECONDS)

    def _bind(self, server: Any) -> None:
        host = f"[{self._settings.host}]" if ":" in self._settings.host else self._settings.host
        address = f"{host}:{self._settings.grpc_port}"
        cert, key = self._settings.tls_cert, self._settings.tls_key
        try:
            if cert and key:
                credentials = grpc.ssl_server_credentials([(key.read_bytes(), cert.read_bytes())])
                server.add_secure_port(address, credentials)
            else:
                server.add_insecure_port(address)
        except (RuntimeError, OSError) as error:
            raise BurnError(
                f"gRPC cannot listen on {address} ({error}). Check --host and --grpc-port."
            ) from error

    def _export(self, signal: Signal) -> Export:
        async def export(_: Any, context: Context) -> bytes:
            try:
                self._check_token(context)
                with self._intake.claim() as claim:
                    body = await self._reads.run(lambda: _message(context))
                    claim.add(len(body))
                    written = Encoding.GZIP if body.startswith(GZIP_MAGIC) else Encoding.PLAIN
                    taken = await self._intake.take(signal, body, written)
                self._count(signal, 200)
                self._counters.add("otel_burn_received_bytes_total", len(body), signal=signal.name)
                return bytes(accepted(signal, taken.rejected).SerializeToString())
            except RefusedError as refusal:
                self._count(signal, refusal.status)
                await _refuse(context, refusal)
            except grpc.aio.AbortError:
                raise
            except Exception:
                self._count(signal, 500)
                log.exception("%s failed", signal.service)
                await _refuse(
                    context, RefusedError(500, "The collector failed at this request; its log says why.")
                )

        return export

    def _count(self, signal: Signal, status: int) -> None:
        self._counters.add(
            "otel_burn_requests_total", signal=signal.name, protocol="grpc", status=str(status)
        )

    async def _refuse_profiles(self, _: Any, context: Context) -> bytes:
        await _refuse(context, RefusedError(501, NO_PROFILES))

    def _check_token(self, context: Context) -> None:
        if self._settings.loopback:
            return
        metadata = dict(context.invocation_metadata() or ())
        if not is_bearer(metadata.get("authorization", ""), self._settings.token):
            raise RefusedError(401, NO_TOKEN)


def _handler(service: str, export: Export) -> Any:
    # As a stream of one message: what comes before it, the token, is looked at before it is read.
    return grpc.method_handlers_generic_handler(
        service, {"Export": grpc.stream_unary_rpc_method_handler(export)}
    )


async def _message(context: Context) -> bytes:
    message = await context.read()
    if message is grpc.aio.EOF:
        raise RefusedError(400, "The call ended without a message; an empty request is one of no bytes.")
    return bytes(message)


async def _refuse(context: Context, refusal: RefusedError) -> NoReturn:
    status = refusal.said()
    trailers = [("grpc-status-details-bin", status.SerializeToString())]
    if refusal.may_retry:
        # Where the stock Python exporter looks for it.
        trailers.append(("google.rpc.retryinfo-bin", retry_info().SerializeToString()))
    await context.abort(_CODES[status.code], status.message, tuple(trailers))
    raise AssertionError("abort raises")
