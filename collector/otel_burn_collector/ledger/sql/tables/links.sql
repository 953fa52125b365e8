-- Which reports in other traces may be the same call? 64-bit keys of response ids, request ids, logical call ids
-- and, for emitters that give their log records no id, of session and usage. Narrow on purpose: this is scanned.
CREATE TABLE IF NOT EXISTS store.links (
    key       UBIGINT NOT NULL,
    unit      UBIGINT NOT NULL,
    report_id VARCHAR NOT NULL,
    started_at TIMESTAMP_NS NOT NULL       -- of the report: look-ups stay near the batch
);
