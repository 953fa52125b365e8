"""Which rate table is this? Written by scripts/build_rates.py; do not edit."""

AS_OF = "2026-11-23"
"""The day on which the sources of the table were current."""
RATE_VERSION = "2026-11-23/8ae492ee"
DIGEST = "8ae492eebb407d7fbbd59533ffaa8b45024e145fc2662136fabd0789324fb4e2"
"""SHA-256 of rates.jsonl."""
