-- How does each emitter say what a call burned? Filled from ledger/dialects.py at every start, so never migrated.
DROP TABLE IF EXISTS store.dialects;
DROP TABLE IF EXISTS store.provider_names;

-- Which attribute carries which field? The lowest position that has a value wins.
CREATE OR REPLACE TABLE store.dialect_fields (
    dialect   VARCHAR NOT NULL,             -- '*' for what any span may tell the calls below it
    field     VARCHAR NOT NULL,
    attribute VARCHAR NOT NULL,
    pattern   VARCHAR,                      -- regular expression whose first group is the value (NULL: all of it)
    position  INTEGER NOT NULL
);
