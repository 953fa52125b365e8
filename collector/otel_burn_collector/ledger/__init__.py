"""What did the calls burn? Turns received spans, logs and metrics into one row per billed model response."""

from otel_burn_collector.ledger.deriving import (
    LAST_UNIT,
    count_pending,
    derive_pending,
    give_up,
    pending_units,
    rebuild,
)
from otel_burn_collector.ledger.findings import FINDINGS, mark, replace_findings
from otel_burn_collector.ledger.incoming import Incoming, incoming
from otel_burn_collector.ledger.receiving import apply, receive
from otel_burn_collector.ledger.schema import SCHEMA_VERSION, create, refuse_other, version

__all__ = [
    "SCHEMA_VERSION",
    "create",
    "version",
    "refuse_other",
    "apply",
    "receive",
    "count_pending",
    "derive_pending",
    "pending_units",
    "give_up",
    "LAST_UNIT",
    "Incoming",
    "incoming",
    "rebuild",
    "FINDINGS",
    "replace_findings",
    "mark",
]
