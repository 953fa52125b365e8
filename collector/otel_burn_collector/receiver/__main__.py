"""The receiver process: listens for telemetry, and acknowledges what is on disk."""

from otel_burn_collector.journal.writer import JournalWriter
from otel_burn_collector.process import HttpServer, run_process, tell, told
from otel_burn_collector.receiver.app import Receiver
from otel_burn_collector.receiver.intake import Intake
from otel_burn_collector.receiver.leftovers import Leftovers


def main() -> None:
    """Serve until the supervisor says stop."""
    start = told()
    journal = JournalWriter(start.settings.journal, after=start.after_segment)
    intake = Intake(journal)
    leftovers = Leftovers(intake)
    app = Receiver(start.settings, intake).app()
    server = HttpServer(app, start.listener, on_serving=lambda: tell({"ready": {}}))
    leftovers.start()
    server.serve_inherited()
    leftovers.stop()
    journal.close()


if __name__ == "__main__":
    run_process(main, "receiver")
