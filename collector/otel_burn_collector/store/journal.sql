-- What has been loaded from the journal. Written in the same transaction as the rows, so that a kill loads nothing twice.
CREATE SCHEMA IF NOT EXISTS journal;

-- One row: where to go on reading.
CREATE TABLE IF NOT EXISTS journal.position (
    segment     BIGINT NOT NULL,
    "offset"    BIGINT NOT NULL,
    received_at TIMESTAMP_NS,           -- when the newest loaded request arrived
    loaded_at   TIMESTAMP_NS NOT NULL
);

-- One row: the id of this ledger, which its data folder has too.
CREATE TABLE IF NOT EXISTS journal.identity (
    id UUID NOT NULL
);

-- One row per request body: a client that did not hear our answer sends it again.
CREATE TABLE IF NOT EXISTS journal.bodies (
    hash      UUID NOT NULL,
    loaded_at TIMESTAMP_NS NOT NULL
);

-- One row per `forget`: what it names is in no table any more, and the file, the journal and the backups have to be
-- rid of it too. Not what it names.
CREATE TABLE IF NOT EXISTS journal.erasures (
    key       VARCHAR NOT NULL,         -- of the command
    segment   BIGINT NOT NULL,          -- the command's own, its last record
    found     MAP(VARCHAR, BIGINT),     -- how much was deleted
    wanted_at TIMESTAMP_NS NOT NULL,
    erased_at TIMESTAMP_NS              -- when the last copy was gone; NULL before
);

-- Bytes of the journal that made no rows, and why. They are still in the segment.
CREATE TABLE IF NOT EXISTS journal.damage (
    segment  BIGINT NOT NULL,
    "offset" BIGINT NOT NULL,
    bytes    BIGINT NOT NULL,
    reason   VARCHAR NOT NULL,
    found_at TIMESTAMP_NS NOT NULL,
    kept_in  VARCHAR                    -- where the bytes were put aside; NULL when there are none
);
