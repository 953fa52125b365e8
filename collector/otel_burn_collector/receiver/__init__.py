"""What listens for telemetry? One process that checks, journals and acknowledges, and never waits for the database."""
