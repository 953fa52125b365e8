-- What a report says of its call's answer and tool calls, apart from it: long, and read only when a call is built.
CREATE TABLE IF NOT EXISTS store.manifests (
    unit            UBIGINT NOT NULL,       -- as in store.reports
    report_id       VARCHAR NOT NULL,
    started_at      TIMESTAMP_NS,
    output_kinds    VARCHAR[],              -- NULL when the answer broke off, or the emitter does not say
    output_hashes   VARCHAR[],
    output_bytes    BIGINT[],
    asked_ids       VARCHAR[],
    asked_names     VARCHAR[],
    asked_hashes    VARCHAR[],
    asked_effects   VARCHAR[],
    asked_sketches  VARCHAR[]
);

-- The context that a report lists: a path through store.blocks.
CREATE TABLE IF NOT EXISTS store.lists (
    unit       UBIGINT NOT NULL,
    report_id  VARCHAR NOT NULL,
    started_at TIMESTAMP_NS,
    chain_key  UBIGINT,                     -- md5_number_lower of its emitter's name for it; NULL before version 2
    node_key   UBIGINT NOT NULL,            -- of its last block
    blocks     BIGINT NOT NULL,
    bytes      BIGINT NOT NULL,
    opening    BIGINT,                      -- the first block that is neither system prompt nor tool
    missing    BIGINT NOT NULL,             -- blocks at the beginning that only a list yet to arrive knows
    parts      STRUCT(branch BIGINT, "first" BIGINT, "last" BIGINT)[] NOT NULL
);

-- Lists whose beginning has not arrived, as they were listed. `base` names the list that begins them.
CREATE TABLE IF NOT EXISTS store.waiting (
    unit          UBIGINT NOT NULL,
    report_id     VARCHAR NOT NULL,
    started_at    TIMESTAMP_NS,
    chain_key     UBIGINT,
    base_key      UBIGINT NOT NULL,
    base_blocks   BIGINT NOT NULL,
    kinds         VARCHAR[],
    hashes        VARCHAR[],
    bytes         BIGINT[],
    tools         VARCHAR[],                -- NULL where every entry would be ''; so the three below
    tool_call_ids VARCHAR[],
    errors        VARCHAR[],
    sketches      VARCHAR[]
);
