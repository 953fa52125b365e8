-- The blocks of all contexts, each beginning that contexts share only once: a tree, cut into branches. A context is
-- the first blocks of a branch, then some of the branch that leaves there, and so on: its parts. Branches are
-- numbered as they come, so that a session's lie close together and zone maps find them.
CREATE TABLE IF NOT EXISTS store.blocks (
    branch        BIGINT NOT NULL,
    position      BIGINT NOT NULL,          -- in the prompt, from 1
    node_key      UBIGINT NOT NULL,         -- names this block and all before it, the same in any ledger
    listed_at     TIMESTAMP_NS NOT NULL,    -- look-ups stay near the batch
    kind          VARCHAR NOT NULL,
    hash          VARCHAR NOT NULL,
    bytes         BIGINT NOT NULL,
    upto          BIGINT NOT NULL,          -- bytes from the prompt's beginning to this block's end
    tool_name     VARCHAR,
    tool_call_id  VARCHAR,
    error_class   VARCHAR,
    sketch        VARCHAR,
    occurrence    BIGINT                    -- of a tool result: the n-th with its tool_call_id up to here
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
    error_class  VARCHAR,
    sketch       VARCHAR
);
