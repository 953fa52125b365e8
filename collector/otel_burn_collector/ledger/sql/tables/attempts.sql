-- The HTTP attempts of calls, from reports on the wire (scope otel_burn).
CREATE TABLE IF NOT EXISTS store.attempts (
    call_key      UBIGINT NOT NULL,         -- md5_number_lower(call_id): 8 bytes to scan instead of 16
    attempt_id  VARCHAR NOT NULL,
    call_id     VARCHAR NOT NULL,
    number      INTEGER,
    status      VARCHAR,
    error_type  VARCHAR,
    http_status INTEGER,
    started_at  TIMESTAMP_NS,
    duration_ms DOUBLE,
    usage       STRUCT(input_tokens BIGINT, cache_read_tokens BIGINT, cache_write_tokens BIGINT,
                       output_tokens BIGINT, reasoning_tokens BIGINT)
);
