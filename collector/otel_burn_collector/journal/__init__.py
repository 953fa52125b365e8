"""What has been received and not yet been made into rows? Append-only segments of raw requests."""
