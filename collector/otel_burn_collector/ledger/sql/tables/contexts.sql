-- The context of a call, one row a call, parallel lists in prompt order with each block's share of the bill.
CREATE TABLE IF NOT EXISTS store.contexts (
    call_key      UBIGINT NOT NULL,         -- md5_number_lower(call_id): 8 bytes to scan instead of 16
    session_key   UBIGINT NOT NULL,
    call_id       VARCHAR NOT NULL,
    session_id    VARCHAR NOT NULL,
    started_at    TIMESTAMP_NS,
    status        VARCHAR,
    kinds         VARCHAR[] NOT NULL,
    hashes        VARCHAR[] NOT NULL,
    bytes         BIGINT[] NOT NULL,
    tools         VARCHAR[],
    tool_call_ids VARCHAR[],
    errors        VARCHAR[],
    tokens        BIGINT[],                 -- NULL when the call's input is not known
    costs         DECIMAL(38, 12)[]         -- NULL when the call has no computed cost
);

-- Where does a session show a block first?
CREATE TABLE IF NOT EXISTS store.first_blocks (
    session_key UBIGINT NOT NULL,
    session_id  VARCHAR NOT NULL,
    hash        VARCHAR NOT NULL,
    started_at  TIMESTAMP_NS,
    call_id     VARCHAR NOT NULL
);

-- The first time that a session shows the result of a tool call. Providers make ids unique, scripted and local
-- servers do not: the n-th result with an id belongs to the n-th call with it.
CREATE TABLE IF NOT EXISTS store.first_results (
    session_key  UBIGINT NOT NULL,
    session_id   VARCHAR NOT NULL,
    tool_call_id VARCHAR NOT NULL,
    occurrence   BIGINT NOT NULL,
    started_at   TIMESTAMP_NS,
    call_id      VARCHAR NOT NULL,
    hash         VARCHAR,
    bytes        BIGINT,
    error_class  VARCHAR
);
