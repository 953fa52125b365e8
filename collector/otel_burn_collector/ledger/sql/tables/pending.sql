-- Reports that arrived or changed, and whose calls are not derived yet: written with the spans, taken within two seconds,
-- in larger batches than those that arrive. What a kill leaves here is derived at the next start.
CREATE TABLE IF NOT EXISTS store.pending (
    unit       UBIGINT NOT NULL,            -- as in store.reports
    report_id  VARCHAR NOT NULL,
    started_at TIMESTAMP_NS,
    is_new     BOOLEAN NOT NULL,            -- whether its calls were never derived
    near_from  TIMESTAMP_NS NOT NULL,       -- of the batch that changed it: where the spans above it may be
    near_to    TIMESTAMP_NS NOT NULL
);
