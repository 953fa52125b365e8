-- Calls without a conversation id, and which call each goes on from by its context.
CREATE TABLE IF NOT EXISTS store.threads (
    group_key         UBIGINT NOT NULL,     -- run and agent: only these are compared
    call_key          UBIGINT NOT NULL,
    call_id           VARCHAR NOT NULL,
    run_session       VARCHAR NOT NULL,     -- where it belongs when nothing is known
    started_at        TIMESTAMP_NS NOT NULL,
    ended_at          TIMESTAMP_NS NOT NULL,
    opening           BIGINT,               -- as in store.lists; so the two below
    blocks            BIGINT NOT NULL,
    parts             STRUCT(branch BIGINT, "first" BIGINT, "last" BIGINT)[] NOT NULL,
    answer            UBIGINT[],            -- keys of kind and hash of what it answered, reasoning left out
    telling           UBIGINT[] NOT NULL,   -- those long enough to be nobody else's answer
    thread_id         VARCHAR,              -- the call that began the thread
    previous_call_id  VARCHAR,              -- the call of the thread that it goes on from
    parent_thread_id  VARCHAR,              -- where the thread forked from
    session_id        VARCHAR,
    parent_session_id VARCHAR
);
