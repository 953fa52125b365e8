-- The materialised sessions.
CREATE TABLE IF NOT EXISTS store.sessions (
    session_key           UBIGINT NOT NULL,
    session_id            VARCHAR NOT NULL,
    session_source        VARCHAR NOT NULL,
    parent_session_id     VARCHAR,
    run_id                VARCHAR,
    project               VARCHAR,
    agent                 VARCHAR,
    work_id               VARCHAR,
    started_at            TIMESTAMP_NS,
    ended_at              TIMESTAMP_NS,
    calls                 BIGINT,
    input_tokens          BIGINT,
    uncached_input_tokens BIGINT,
    cache_read_tokens     BIGINT,
    cache_write_tokens    BIGINT,
    output_tokens         BIGINT,
    reasoning_tokens      BIGINT,
    cost_usd              DECIMAL(38, 12),
    unpriced_calls        BIGINT
);
