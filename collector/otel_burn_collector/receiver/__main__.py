"""The receiver process: listens for telemetry, and acknowledges what is on disk."""

import resource

from otel_burn_collector.connections import CONNECTIONS
from otel_burn_collector.journal.room import Room
from otel_burn_collector.journal.writer import JournalWriter
from otel_burn_collector.measures import Counters
from otel_burn_collector.process import HttpServer, run_process, tell, told
from otel_burn_collector.receiver.app import Receiver
from otel_burn_collector.receiver.grpc_server import GrpcServer
from otel_burn_collector.receiver.intake import Intake
from otel_burn_collector.receiver.leftovers import Leftovers
from otel_burn_collector.tls import server_context


def main() -> None:
    """Serve until the supervisor says stop."""
    start = told("receiver")
    _allow_descriptors()
    settings = start.settings
    keeping = settings.keeping
    room = Room(settings.journal, min_free=keeping.min_free, max_waiting=keeping.max_waiting)
    journal = JournalWriter(settings.journal, after=start.after_segment, room=room)
    intake = Intake(journal, settings.max_request_bytes)
    leftovers = Leftovers(intake)
    cert, key = settings.tls_cert, settings.tls_key
    counters = Counters()
    server = HttpServer(
        Receiver(settings, intake, counters).app(),
        start.listeners,
        on_serving=lambda: tell({"ready": {}}),
        tls={"http": server_context(cert, key)} if cert and key else {},
        beside=[GrpcServer(settings, intake, counters)],
    )
    leftovers.start()
    server.serve_inherited()
    leftovers.stop()
    journal.close()


def _allow_descriptors() -> None:
    """Let connections over both transports be open at once: the usual limit is 1,024."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 3 * CONNECTIONS if hard == resource.RLIM_INFINITY else min(3 * CONNECTIONS, hard)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


if __name__ == "__main__":
    run_process(main, "receiver")
