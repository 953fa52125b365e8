-- What log records say of the call in whose span they were written: a row a record, as manifests are, until the rows as
-- received are purged. A record may come before its span, or long after it.
CREATE TABLE IF NOT EXISTS store.spoken (
    unit            UBIGINT NOT NULL,       -- of the span's trace, as in store.reports
    span_id         VARCHAR NOT NULL,
    log_id          VARCHAR NOT NULL,
    spoken_at       TIMESTAMP_NS,
    place           BIGINT,                 -- in the conversation, where the record says it
    arrived         BIGINT NOT NULL,        -- its place in its batch, for messages of one moment
    bare            BOOLEAN NOT NULL,       -- a message whose content was left out: then the context is unknown
    kinds           VARCHAR[],
    hashes          VARCHAR[],
    bytes           BIGINT[],
    tools           VARCHAR[],
    tool_call_ids   VARCHAR[],
    errors          VARCHAR[],
    sketches        VARCHAR[],
    output_kinds    VARCHAR[],
    output_hashes   VARCHAR[],
    output_bytes    BIGINT[],
    asked_ids       VARCHAR[],
    asked_names     VARCHAR[],
    asked_hashes    VARCHAR[],
    asked_effects   VARCHAR[],
    asked_sketches  VARCHAR[]
);

-- Reports whose manifests were made of these, and may be made of more of them: one that says it itself is believed.
CREATE TABLE IF NOT EXISTS store.heard (
    unit       UBIGINT NOT NULL,
    report_id  VARCHAR NOT NULL
);
