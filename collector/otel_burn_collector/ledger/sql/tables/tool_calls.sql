-- The materialised tool_calls.
CREATE TABLE IF NOT EXISTS store.tool_calls (
    call_key      UBIGINT NOT NULL,         -- md5_number_lower(call_id): 8 bytes to scan instead of 16
    session_key  UBIGINT NOT NULL,
    call_id      VARCHAR NOT NULL,
    session_id   VARCHAR NOT NULL,
    agent        VARCHAR,
    agent_id     VARCHAR,
    turn         BIGINT,
    seq          BIGINT,
    position     BIGINT NOT NULL,           -- within the response that asked for it
    effect       VARCHAR,
    tool_call_id VARCHAR,
    tool_name    VARCHAR,
    args_hash    VARCHAR,
    result_hash  VARCHAR,
    result_bytes BIGINT,
    error_class  VARCHAR,
    result_call_id VARCHAR,                 -- the call whose context brought the result
    started_at   TIMESTAMP_NS
);
