-- Spans as received, once each. No index: an ART on 10^7 spans costs more than every look-up that it saves;
-- duplicates are found by an anti-join within the time range of the batch, which zone maps prune.
CREATE TABLE IF NOT EXISTS store.otlp_spans (
    trace_id       VARCHAR NOT NULL,
    span_id        VARCHAR NOT NULL,
    parent_span_id VARCHAR,                 -- NULL for a root
    name           VARCHAR,
    kind           VARCHAR,                 -- UNSPECIFIED INTERNAL SERVER CLIENT PRODUCER CONSUMER
    started_at     TIMESTAMP_NS,
    ended_at       TIMESTAMP_NS,
    status         VARCHAR,                 -- UNSET OK ERROR
    status_message VARCHAR,
    service_name   VARCHAR,
    scope_name     VARCHAR,
    scope_version  VARCHAR,
    attributes     MAP(VARCHAR, VARCHAR),
    resource       MAP(VARCHAR, VARCHAR),
    events         VARCHAR,                 -- JSON
    links          VARCHAR                  -- JSON
);
