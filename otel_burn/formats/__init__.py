"""What does each wire format say? Pure functions from bytes to an exchange, one file a format."""
