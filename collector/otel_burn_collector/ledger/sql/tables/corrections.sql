-- What was corrected in a report, where its dialect alone does not tell: see ledger/usage.py.
CREATE TABLE IF NOT EXISTS store.corrections (
    unit       UBIGINT NOT NULL,            -- as in store.reports
    report_id  VARCHAR NOT NULL,
    started_at TIMESTAMP_NS,
    correction VARCHAR NOT NULL
);
