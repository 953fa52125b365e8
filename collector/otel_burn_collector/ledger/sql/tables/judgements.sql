-- Which detector judged which partition, and what was there to judge: as long as that is the same, so are the findings.
CREATE TABLE IF NOT EXISTS store.judgements (
    detector  VARCHAR NOT NULL,
    partition VARCHAR NOT NULL,
    state     VARCHAR NOT NULL,
    judged_at TIMESTAMP_NS NOT NULL
);
