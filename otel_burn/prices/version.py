"""Which rate table is this? Written by scripts/build_rates.py; do not edit."""

AS_OF = "2026-11-23"
"""The day on which the source of the table was current."""
RATE_VERSION = "2026-11-23/genai-prices-0.2.3"
DIGEST = "8a159def93373269e4efd331059975bc43edc3104d2ae4232568b185dab85791"
"""SHA-256 of rates.jsonl."""
