-- The stored lists that new ones go on from, as otel_burn_collector.ledger.chains wants them.
FROM bases;
