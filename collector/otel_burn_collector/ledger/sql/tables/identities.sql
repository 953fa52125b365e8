-- Which call did we publish for a report? Never forgotten: a call keeps its id whatever arrives later.
CREATE TABLE IF NOT EXISTS store.identities (
    unit        UBIGINT NOT NULL,           -- as in store.reports
    report_id   VARCHAR NOT NULL,
    started_at  TIMESTAMP_NS NOT NULL,      -- of the report: look-ups stay near the batch
    call_id     VARCHAR NOT NULL,
    publication BIGINT NOT NULL,            -- when the call was published first; where calls meet, the lowest keeps its id
    joined_by   VARCHAR                     -- the rule by which it came to the call's other reports; NULL for one alone
);

-- Two published calls turned out to be one: the id published first stays, the other is its alias.
CREATE TABLE IF NOT EXISTS store.aliases (
    alias   VARCHAR NOT NULL,
    call_id VARCHAR NOT NULL
);
