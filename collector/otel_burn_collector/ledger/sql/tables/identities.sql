-- Which call did we publish for a report? Never forgotten: a call keeps its id whatever arrives later.
CREATE TABLE IF NOT EXISTS store.identities (
    unit      UBIGINT NOT NULL,
    report_id VARCHAR NOT NULL,
    call_id   VARCHAR NOT NULL
);

-- Two published calls turned out to be one: the first-published id stays, the other is its alias.
CREATE TABLE IF NOT EXISTS store.aliases (
    alias   VARCHAR NOT NULL,
    call_id VARCHAR NOT NULL
);

-- In which order were calls published? The lower number keeps its id.
CREATE SEQUENCE IF NOT EXISTS store.publication START 1;
CREATE TABLE IF NOT EXISTS store.publications (
    call_id     VARCHAR NOT NULL,
    publication BIGINT NOT NULL
);
