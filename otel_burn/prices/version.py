"""Which rate table is this? Written by scripts/build_rates.py; do not edit."""

AS_OF = "2026-11-23"
"""The day on which the sources of the table were current."""
RATE_VERSION = "2026-11-23/f5267ab2"
DIGEST = "f5267ab276a5af6d2fb85d81a23ad184ae4994667db74cfcb6e5aa31ecd5b4eb"
"""SHA-256 of rates.jsonl."""
