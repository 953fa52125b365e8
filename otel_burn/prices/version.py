"""Which rate table is this? Written by scripts/build_rates.py; do not edit."""

AS_OF = "2026-11-23"
"""The day on which the sources of the table were current."""
RATE_VERSION = "2026-11-23/4ba94e90"
DIGEST = "4ba94e902bae4babc6c84c66cde8581f785f0bb931aa2f7b62bc59bb6e0ebc85"
"""SHA-256 of rates.jsonl."""
