-- Agents' session logs that were imported, and how far: the next import goes on from there.
CREATE TABLE IF NOT EXISTS store.imported_files (
    path     VARCHAR NOT NULL,
    size     UBIGINT NOT NULL,
    mtime_ns BIGINT NOT NULL,
    position UBIGINT NOT NULL,              -- bytes of rows, or nanoseconds since 1970 in a database, that are read
    head     VARCHAR NOT NULL,              -- a hash of the bytes around both ends of what was read
    since_ns BIGINT NOT NULL,               -- calls from before it were left out
    reader   INTEGER NOT NULL               -- the version of the code that read it
);
