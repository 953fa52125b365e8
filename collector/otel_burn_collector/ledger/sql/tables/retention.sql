-- Up to when is what purged? What arrives late from before then must not count again.
CREATE TABLE IF NOT EXISTS store.retention (
    layer         VARCHAR NOT NULL,         -- spans (and logs and metrics), calls
    wanted_before TIMESTAMP_NS NOT NULL,
    purged_before TIMESTAMP_NS              -- NULL until some of it is done
);

-- Log records that were purged: 16 bytes each, so that one that is sent again is known. Of spans, store.lineage stays.
CREATE TABLE IF NOT EXISTS store.past_logs (
    log_key   UBIGINT NOT NULL,             -- md5_number_lower(log_id)
    logged_at TIMESTAMP_NS
);

-- The daily sums of calls that were purged.
CREATE TABLE IF NOT EXISTS store.past_days (
    day                   DATE,
    project               VARCHAR,
    agent                 VARCHAR,
    provider              VARCHAR,
    model                 VARCHAR,
    calls                 BIGINT NOT NULL,
    input_tokens          BIGINT,
    uncached_input_tokens BIGINT,
    cache_read_tokens     BIGINT,
    cache_write_tokens    BIGINT,
    output_tokens         BIGINT,
    reasoning_tokens      BIGINT,
    cost_usd              DECIMAL(38, 12),
    unpriced_calls        BIGINT NOT NULL
);
