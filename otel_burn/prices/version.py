"""Which rate table is this? Written by scripts/build_rates.py; do not edit."""

AS_OF = "2026-11-23"
"""The day on which the sources of the table were current."""
RATE_VERSION = "2026-11-23/2de68060"
DIGEST = "2de68060e36c7c90a6523ec0b6c48f721272320a4c7cd621ebc0bd7ccb78cac0"
"""SHA-256 of rates.jsonl."""
