-- Every report of one model response that arrived in a span or a log record, in one vocabulary: input includes
-- cache, output includes reasoning. Several reports may be one call; store.identities says which.
CREATE TABLE IF NOT EXISTS store.reports (
    unit             UBIGINT NOT NULL,      -- key of its trace, or of the report itself where it has no trace
    report_id        VARCHAR NOT NULL,      -- 'trace_id:span_id' or the log_id
    dialect          VARCHAR NOT NULL,
    rank             INTEGER NOT NULL,
    wire             BOOLEAN NOT NULL,      -- one report an HTTP attempt
    pairing          VARCHAR,               -- emitter family and tokens as said, where its reports share no id
    signal           VARCHAR NOT NULL,
    emitter          VARCHAR NOT NULL,      -- signal, scope and process: one emitter reports a call once
    source           VARCHAR NOT NULL,      -- scope@version
    trace_id         VARCHAR,
    span_id          VARCHAR,               -- of the span itself, or of the span that a log record belongs to
    parent_span_id   VARCHAR,
    started_at       TIMESTAMP_NS,
    ended_at         TIMESTAMP_NS,
    service_name     VARCHAR,
    instance_id      VARCHAR,
    run_id           VARCHAR,
    project          VARCHAR,
    session_id       VARCHAR,
    agent            VARCHAR,
    agent_id         VARCHAR,
    user_id          VARCHAR,
    work_id          VARCHAR,
    provider         VARCHAR,
    server_address   VARCHAR,
    request_model    VARCHAR,
    response_model   VARCHAR,
    response_id      VARCHAR,
    request_id       VARCHAR,
    operation        VARCHAR,
    stream           BOOLEAN,
    is_error         BOOLEAN NOT NULL,
    error_type       VARCHAR,
    http_status      INTEGER,
    finish_reason    VARCHAR,
    service_tier     VARCHAR,
    region           VARCHAR,
    ttft_ms          DOUBLE,
    input_tokens        BIGINT,
    output_tokens       BIGINT,
    cache_read_tokens   BIGINT,
    cache_write_tokens  BIGINT,
    cache_write_5m_tokens BIGINT,
    cache_write_1h_tokens BIGINT,
    reasoning_tokens    BIGINT,
    audio_input_tokens  BIGINT,
    audio_output_tokens BIGINT,
    usage_status     VARCHAR,               -- as the emitter says; NULL where it says nothing
    extras           VARCHAR,               -- JSON: what else is billed (attributes.EXTRAS); NULL for most
    reported_usd     DECIMAL(38, 12),
    logical_call     VARCHAR,               -- burn.call.id: groups the attempts of one call
    attempt          INTEGER,
    parent_session_id VARCHAR               -- the session that started this one, or that it was forked from
);
