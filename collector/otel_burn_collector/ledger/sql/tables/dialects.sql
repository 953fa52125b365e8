-- How does each emitter say what a call burned? Filled from ledger/dialects.py at every start, so never migrated.
CREATE OR REPLACE TABLE store.dialects (
    choice            INTEGER NOT NULL,     -- the lowest that fits a span or record reads it
    dialect           VARCHAR NOT NULL,
    rank              INTEGER NOT NULL,     -- precedence: the lowest rank that knows a field wins
    signal            VARCHAR NOT NULL,     -- span log
    scope             VARCHAR NOT NULL,     -- regular expression on the whole scope name
    event             VARCHAR NOT NULL,     -- regular expression on the whole span name or event name
    markers           VARCHAR[] NOT NULL,   -- a report has one of these attributes ...
    marker_values     VARCHAR[],            -- ... the first of which has one of these values (NULL: any)
    counts            BOOLEAN NOT NULL,     -- false: looks like a report and is none
    wire              BOOLEAN NOT NULL,     -- one report an HTTP attempt, not one a call
    pairs_by_usage    VARCHAR,              -- emitter family whose reports share no id
    input_excludes    BOOLEAN NOT NULL,     -- input_tokens leaves out what the cache served or stored
    output_excludes   BOOLEAN NOT NULL,     -- output_tokens leaves out reasoning
    ttft_factor       DOUBLE NOT NULL,      -- from the emitter's unit to milliseconds
    provider          VARCHAR               -- what it is when the report does not say
);

-- Which attribute carries which field? The lowest position that has a value wins.
CREATE OR REPLACE TABLE store.dialect_fields (
    dialect   VARCHAR NOT NULL,             -- '*' for what any span may tell the calls below it
    field     VARCHAR NOT NULL,
    attribute VARCHAR NOT NULL,
    pattern   VARCHAR,                      -- regular expression whose first group is the value (NULL: all of it)
    position  INTEGER NOT NULL
);

-- One name for each provider, whatever an emitter calls it.
CREATE OR REPLACE TABLE store.provider_names (
    alias    VARCHAR NOT NULL,
    provider VARCHAR NOT NULL
);
