"""With which certificate does a collector serve? Loaded once more than needed, so that a wrong one is a sentence."""

import ssl
from pathlib import Path

from otel_burn.errors import BurnError


def server_context(cert: Path, key: Path) -> ssl.SSLContext:
    """What serves TLS with *cert* and *key*; `BurnError` when they can't be used."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    try:
        context.load_cert_chain(cert, key, password=lambda: b"")
    except OSError as error:  # ssl.SSLError is one
        reason = error.strerror or "they are no PEM, or do not belong together"
        raise BurnError(
            f"TLS cannot be served with {cert} and {key}: {reason}. "
            "Give PEM files: the certificate with its chain, and its key without a passphrase."
        ) from error
    return context
