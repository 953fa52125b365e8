"""What does it cost to receive a request? CPU of the receiver, per request, over HTTP and gRPC.

    python benchmarks/receive.py [--requests 400] [--clients 4]

Requests of 512 and of 16 spans (1.3 kB each), plain and gzipped. Everything is counted that the receiver does until
the acknowledgement: sockets, unpacking, parsing, the journal.
"""

import argparse
import gzip
import http.client
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import local
from urllib.parse import urlsplit

import grpc
from ingest import child, start, usage
from ingest_spans import requests
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from otel_burn_collector.discovery import Running

METHOD = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
Send = Callable[[bytes], object]


def main() -> None:
    """Measure, and print rows for benchmarks/RESULTS.md."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=400)
    parser.add_argument("--clients", type=int, default=4)
    arguments = parser.parse_args()
    large = next(iter(requests(512, 1.0)))
    small = first_spans(large, 16)
    print("| transport | spans | wire bytes | receiver's CPU per request |\n|---|---|---|---|")
    for zipped in (False, True):
        for spans, body in ((512, large), (16, small)):
            for transport, sender in (("HTTP", over_http), ("gRPC", over_grpc)):
                with tempfile.TemporaryDirectory() as folder:
                    running, process = start(Path(folder) / "burn.duckdb")
                    try:
                        used = measure(running, sender(running, zipped), body, arguments)
                    finally:
                        process.terminate()
                        process.wait()
                size = len(gzip.compress(body)) if zipped else len(body)
                name = f"{transport}, gzip" if zipped else transport
                print(f"| {name} | {spans} | {size:,} | {used * 1e3:.2f} ms |", flush=True)


def first_spans(body: bytes, count: int) -> bytes:
    """The first *count* spans of a request."""
    request = ExportTraceServiceRequest.FromString(body)
    scope = next(scope for scope in request.resource_spans[0].scope_spans if scope.spans)
    del scope.spans[count:]
    return bytes(request.SerializeToString())


def measure(running: Running, send: Send, body: bytes, arguments: argparse.Namespace) -> float:
    """Seconds of the receiver's CPU that one request takes."""
    receiver = child(running.pid, "receiver")
    with ThreadPoolExecutor(arguments.clients) as pool:
        list(pool.map(send, [body] * 20))
        before = usage(receiver).seconds
        list(pool.map(send, [body] * arguments.requests))
        return (usage(receiver).seconds - before) / arguments.requests


def over_http(running: Running, zipped: bool) -> Send:
    """What sends a body over HTTP, a connection for each thread."""
    parts = urlsplit(running.http_url)
    headers = {"Content-Type": "application/x-protobuf"} | ({"Content-Encoding": "gzip"} if zipped else {})
    mine = local()

    def send(body: bytes) -> None:
        if not hasattr(mine, "connection"):
            mine.connection = http.client.HTTPConnection(parts.hostname or "", parts.port)
        mine.connection.request("POST", "/v1/traces", gzip.compress(body) if zipped else body, headers)
        response = mine.connection.getresponse()
        response.read()
        assert response.status == 200, response.status

    return send


def over_grpc(running: Running, zipped: bool) -> Send:
    """What sends a body over gRPC, all threads over one connection."""
    compression = grpc.Compression.Gzip if zipped else grpc.Compression.NoCompression
    options = [("grpc.max_send_message_length", -1)]
    channel = grpc.insecure_channel(running.grpc_url.rpartition("/")[2], options, compression)
    export = channel.unary_unary(METHOD)
    return lambda body: export(body, timeout=60)


if __name__ == "__main__":
    main()
