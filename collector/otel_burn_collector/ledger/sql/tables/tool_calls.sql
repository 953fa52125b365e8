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
    args_sketch  VARCHAR,
    result_hash  VARCHAR,
    result_bytes BIGINT,
    result_sketch VARCHAR,
    error_class  VARCHAR,
    told_by      VARCHAR NOT NULL,          -- response: it listed the tool call; run: an agent's log record did
    result_call_id VARCHAR,                 -- the call whose context brought the result
    started_at   TIMESTAMP_NS
);

-- What agents' own log records say of tools that ran, where no response of ours listed them or showed the result.
CREATE TABLE IF NOT EXISTS store.tool_runs (
    session_key  UBIGINT NOT NULL,
    session_id   VARCHAR NOT NULL,
    ended_at     TIMESTAMP_NS NOT NULL,
    tool_call_id VARCHAR NOT NULL,
    tool_name    VARCHAR,
    args_hash    VARCHAR,
    effect       VARCHAR,
    request_id   VARCHAR,                   -- of the call that asked for it, where the agent says
    result_hash  VARCHAR,
    result_bytes BIGINT,
    error_class  VARCHAR
);
