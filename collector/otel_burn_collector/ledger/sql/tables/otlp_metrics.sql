-- Metric data points as received, once each. They never create calls: emitters repeat and re-split the same tokens.
CREATE TABLE IF NOT EXISTS store.otlp_metrics (
    point_id      VARCHAR NOT NULL,
    name          VARCHAR,
    unit          VARCHAR,
    type          VARCHAR,
    temporality   VARCHAR,                  -- delta cumulative; NULL for a gauge or summary
    monotonic     BOOLEAN,
    started_at    TIMESTAMP_NS,
    measured_at   TIMESTAMP_NS,
    value         DOUBLE,
    count         BIGINT,
    sum           DOUBLE,
    detail        VARCHAR,                  -- JSON: bounds and buckets, quantiles
    service_name  VARCHAR,
    scope_name    VARCHAR,
    scope_version VARCHAR,
    attributes    MAP(VARCHAR, VARCHAR),
    resource      MAP(VARCHAR, VARCHAR)
);
