-- The context of a call, one row a call, parallel lists in prompt order with each block's share of the bill.
CREATE TABLE IF NOT EXISTS store.contexts (
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
