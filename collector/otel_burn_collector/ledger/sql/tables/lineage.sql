-- Who is whose parent, and what can a call learn from the spans above it? One narrow row a span, so that the
-- ancestors of a report are found by scanning 8 bytes a span instead of the spans with their attributes.
CREATE TABLE IF NOT EXISTS store.lineage (
    trace_key      UBIGINT NOT NULL,        -- md5_number_lower(trace_id)
    span_id        VARCHAR NOT NULL,
    parent_span_id VARCHAR,
    started_at     TIMESTAMP_NS,
    session_id     VARCHAR,                 -- the rest: what the span itself says, NULL nearly always
    agent          VARCHAR,
    agent_id       VARCHAR,
    user_id        VARCHAR,
    work_id        VARCHAR,
    project        VARCHAR,
    request_model  VARCHAR
);
