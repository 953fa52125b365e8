-- Attributes that speak of usage in a name that no dialect reads, as they arrived: `otel-burn doctor` raises the alarm.
CREATE TABLE IF NOT EXISTS store.unknown_usage (
    attribute     VARCHAR NOT NULL,
    scope_name    VARCHAR,
    scope_version VARCHAR,
    spans         BIGINT NOT NULL,          -- of one batch; a row a batch
    last_at       TIMESTAMP_NS,
    example       VARCHAR                   -- what it said last
);
