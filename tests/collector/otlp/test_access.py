"""Who may send to a collector, and what does it take to let others send?"""

import datetime
import http.client
import ipaddress
import ssl
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import grpc
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

PROTOBUF = "application/x-protobuf"
TOKEN = "correct-horse"
StartCollector = Callable[..., Any]
MakeSpans = Callable[..., bytes]
Call = Callable[..., Any]


class Certificate(NamedTuple):
    """A certificate for 127.0.0.1 that vouches for itself, and its key."""

    cert: Path
    key: Path

    @property
    def options(self) -> tuple[str, ...]:
        """What tells a collector of it."""
        return "--tls-cert", str(self.cert), "--tls-key", str(self.key)


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    """Made anew."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "otel-burn tests")])
    now = datetime.datetime.now(datetime.UTC)
    cert = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256())
    )
    folder = tmp_path_factory.mktemp("tls")
    found = Certificate(folder / "cert.pem", folder / "key.pem")
    found.cert.write_bytes(cert.public_bytes(serialization.Encoding.PEM))
    found.key.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return found


def refusal(*arguments: str) -> str:
    """The sentence with which `otel-burn collector` does not start."""
    done = subprocess.run(
        [sys.executable, "-m", "otel_burn", "collector", "--http-port", "0", "--grpc-port", "0", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stdout) == (1, "")
    return done.stderr


def post(url: str, body: bytes, context: ssl.SSLContext | None = None, **headers: str) -> int:
    """The status of one POST to /v1/traces at *url*."""
    parts = urlsplit(url)
    if parts.scheme == "https":
        connection: http.client.HTTPConnection = http.client.HTTPSConnection(
            parts.hostname or "", parts.port, timeout=30, context=context
        )
    else:
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)
    try:
        connection.request("POST", "/v1/traces", body, {"Content-Type": PROTOBUF, **headers})
        return connection.getresponse().status
    finally:
        connection.close()


def test_another_host_without_tls_is_refused_with_the_remedy(tmp_path: Path) -> None:
    """Nothing is opened, and the sentence names every way out."""
    said = refusal("--db", str(tmp_path / "burn.duckdb"), "--host", "0.0.0.0")
    assert said.startswith("otel-burn: The host 0.0.0.0 can be reached from other machines")
    assert all(word in said for word in ("--tls-cert", "--tls-key", "--insecure", "--host"))
    assert not (tmp_path / "burn.duckdb").exists()


def test_half_of_tls_and_wrong_files_are_refused(tmp_path: Path, certificate: Certificate) -> None:
    """One of the two; no such file; the key in place of the certificate."""
    db = ("--db", str(tmp_path / "burn.duckdb"))
    assert "only one of them is given" in refusal(*db, "--tls-cert", str(certificate.cert))
    missing = refusal(*db, "--tls-cert", str(tmp_path / "none.pem"), "--tls-key", str(certificate.key))
    assert "No such file" in missing
    swapped = refusal(*db, "--tls-cert", str(certificate.key), "--tls-key", str(certificate.cert))
    assert "TLS cannot be served with" in swapped
    assert "Give PEM files" in swapped


def test_a_token_that_no_header_can_carry_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Said at the start, without repeating it."""
    monkeypatch.setenv("OTEL_BURN_TOKEN", "grüner Tee")
    said = refusal("--db", str(tmp_path / "burn.duckdb"))
    assert "OTEL_BURN_TOKEN has spaces, or characters that are not ASCII" in said
    assert "Tee" not in said


def test_beyond_loopback_a_token_is_needed_on_both_transports(
    start_collector: StartCollector, make_spans: MakeSpans, calling: Call
) -> None:
    """Missing and wrong ones are refused, whatever the name of the host; the right one is served."""
    collector = start_collector("--host", "0.0.0.0", "--insecure", OTEL_BURN_TOKEN=TOKEN)
    url, target, body = collector.running.otlp_url, collector.grpc_target, make_spans(1)
    for wrong in (
        {},
        {"Authorization": "Bearer wrong"},
        {"Authorization": TOKEN},
        {"Authorization": f"Basic {TOKEN}"},
    ):
        assert post(url, body, **wrong) == 401
        metadata = [(name.lower(), value) for name, value in wrong.items()]
        answer = calling(target, body, metadata=metadata)
        assert answer.code is grpc.StatusCode.UNAUTHENTICATED
        assert TOKEN not in answer.message
    assert post(url, body, Authorization=f"Bearer {TOKEN}", Host="collector.example") == 200
    assert calling(target, body, metadata=[("authorization", f"Bearer {TOKEN}")]).code is grpc.StatusCode.OK
    assert TOKEN not in collector.log.read_text()


def test_beyond_loopback_this_machines_own_programs_need_no_token(
    start_collector: StartCollector, make_spans: MakeSpans, asking: Callable[..., Any]
) -> None:
    """They have a door of their own, by loopback names; commands go through that alone."""
    collector = start_collector("--host", "0.0.0.0", "--insecure", OTEL_BURN_TOKEN=TOKEN)
    public, bearer = collector.running.otlp_url, {"Authorization": f"Bearer {TOKEN}"}
    assert collector.url != public
    assert collector.send(make_spans(1, 2)).status == 200
    assert collector.send(make_spans(1), Host="evil.example").status == 403
    assert asking(public, "/command", b"{}", bearer).status == 404
    assert asking(collector.url, "/command", b"{}", bearer).status == 400
    assert set(asking(public, "/healthz").json) == {"service", "version"}
    with collector.ledger() as ledger:
        assert ledger.query("SELECT count(*) AS n FROM spans").to_pylist() == [{"n": 2}]


def test_tls_on_both_transports(
    start_collector: StartCollector, make_spans: MakeSpans, calling: Call, certificate: Certificate
) -> None:
    """The certificate is served to HTTP and gRPC, plain connections get nowhere, and local commands go on."""
    collector = start_collector("--host", "0.0.0.0", *certificate.options, OTEL_BURN_TOKEN=TOKEN)
    url, body = collector.running.otlp_url, make_spans(1, 2, 3)
    assert url.startswith("https://")
    context = ssl.create_default_context(cafile=str(certificate.cert))
    assert post(url, body, context, Authorization=f"Bearer {TOKEN}") == 200
    assert post(url, body, context) == 401
    credentials = grpc.ssl_channel_credentials(certificate.cert.read_bytes())
    bearer = [("authorization", f"Bearer {TOKEN}")]
    answer = calling(collector.grpc_target, make_spans(4), metadata=bearer, credentials=credentials)
    assert answer.code is grpc.StatusCode.OK
    with pytest.raises((OSError, http.client.HTTPException)):
        post(url.replace("https", "http"), body, Authorization=f"Bearer {TOKEN}")
    with collector.ledger() as ledger:
        assert ledger.query("SELECT count(*) AS n FROM spans").to_pylist() == [{"n": 4}]


def test_our_own_spans_reach_such_a_collector(
    start_collector: StartCollector,
    make_spans: MakeSpans,
    certificate: Certificate,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """OTEL_BURN_TOKEN in the agent's environment is all; without it spans wait on disk, and nothing is said of it."""
    from otel_burn.delivery import StrangerError, post_traces

    collector = start_collector("--host", "0.0.0.0", *certificate.options, OTEL_BURN_TOKEN=TOKEN)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.cert))
    monkeypatch.setenv("OTEL_BURN_TOKEN", "wrong-horse")
    with pytest.raises(StrangerError, match="401") as caught:
        post_traces(collector.running.otlp_url, make_spans(1))
    assert "wrong-horse" not in str(caught.value)
    monkeypatch.setenv("OTEL_BURN_TOKEN", TOKEN)
    post_traces(collector.running.otlp_url, make_spans(1))
    with collector.ledger() as ledger:
        assert ledger.query("SELECT count(*) AS n FROM spans").to_pylist() == [{"n": 1}]


def test_a_grpc_port_in_use_is_refused(start_collector: StartCollector, tmp_path: Path) -> None:
    """By another collector, whose library would share it, as by a stranger."""
    collector = start_collector()
    port = collector.grpc_target.rpartition(":")[2]
    command = [sys.executable, "-m", "otel_burn", "collector", "--db", str(tmp_path / "other.duckdb")]
    done = subprocess.run(
        [*command, "--http-port", "0", "--grpc-port", port],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 1
    assert (
        f"Port {port} of 127.0.0.1 is in use by another program. Choose another with --grpc-port"
        in done.stderr
    )
