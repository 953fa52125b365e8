-- Log records as received, once each.
CREATE TABLE IF NOT EXISTS store.otlp_logs (
    log_id          VARCHAR NOT NULL,       -- hash of the record, its resource and its scope
    logged_at       TIMESTAMP_NS,           -- the record's time, else the time it was observed
    observed_at     TIMESTAMP_NS,
    severity_number INTEGER,
    severity_text   VARCHAR,
    event_name      VARCHAR,
    body            VARCHAR,
    trace_id        VARCHAR,
    span_id         VARCHAR,
    service_name    VARCHAR,
    scope_name      VARCHAR,
    scope_version   VARCHAR,
    attributes      MAP(VARCHAR, VARCHAR),
    resource        MAP(VARCHAR, VARCHAR)
);
