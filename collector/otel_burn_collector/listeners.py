"""On which ports does a collector listen? Bound before anything starts, with a sentence when one is taken."""

import errno
import socket

from otel_burn.errors import BurnError
from otel_burn.running_collector import SERVICE
from otel_burn_collector.discovery import healthz

BACKLOG = 1024


def listen(host: str, port: int, option: str) -> socket.socket:
    """A socket that listens on *host* and *port* (0: a free one), which the user chose with *option*."""
    listener = _bound(host, port, option)
    try:
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise BurnError(_sentence(error, host, port, option)) from error
    listener.set_inheritable(True)
    return listener


def reserve(host: str, port: int, option: str) -> socket.socket:
    """A socket that holds *host* and *port* for a process which binds it itself, and may do so again and again.

    gRPC's library takes no open socket. One that is bound and does not listen keeps the port from others,
    and lets those in that say SO_REUSEPORT.
    """
    holder = _bound(host, port, option)
    # After the bind: with it before, the port of another such server would have been shared instead of refused.
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    return holder


def _bound(host: str, port: int, option: str) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host.strip("[]"), port))
    except OSError as error:
        bound.close()
        raise BurnError(_sentence(error, host, port, option)) from error
    return bound


def _sentence(error: OSError, host: str, port: int, option: str) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            f"Port {port} of {host} is in use by {_occupant(host, port, option)}. "
            f"Choose another with {option} (0: a free one)."
        )
    if error.errno == errno.EACCES:
        return f"Port {port} needs more rights than this user has. Choose one above 1023 with {option}."
    return f"The collector cannot listen on {host}:{port} ({error.strerror or error}). Check --host and {option}."


def _occupant(host: str, port: int, option: str) -> str:
    if option == "--grpc-port":  # a collector there would not say so over HTTP
        return "another program"
    name = f"[{host}]" if ":" in host else host
    said = healthz(f"http://{name}:{port}")
    if said and said.get("service") == SERVICE:
        return f"an otel-burn collector of the database {said.get('db')}"
    return "another program, which is no otel-burn collector"
