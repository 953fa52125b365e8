-- What the detectors found. A detector replaces its partitions as a whole.
CREATE TABLE IF NOT EXISTS store.findings (
    finding_id      VARCHAR NOT NULL,
    detector        VARCHAR NOT NULL,
    partition       VARCHAR NOT NULL,
    tier            VARCHAR,
    session_id      VARCHAR,
    trace_id        VARCHAR,
    agent           VARCHAR,
    work_id         VARCHAR,
    call_ids        VARCHAR[],
    span_ids        VARCHAR[],
    first_at        TIMESTAMP_NS,
    last_at         TIMESTAMP_NS,
    first_detectable_call_id VARCHAR,
    wasted_tokens   BIGINT,
    wasted_usd_low  DECIMAL(38, 12),
    wasted_usd_high DECIMAL(38, 12),
    confidence      DOUBLE,
    evidence        VARCHAR,
    fix             VARCHAR,
    found_at        TIMESTAMP_NS
);
