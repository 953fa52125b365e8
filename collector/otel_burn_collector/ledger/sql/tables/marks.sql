-- What people say of findings. By the finding's id, so that it stays when a detector runs again.
CREATE TABLE IF NOT EXISTS store.marks (
    finding_id VARCHAR NOT NULL,
    expected   BOOLEAN NOT NULL,
    note       VARCHAR,
    marked_at  TIMESTAMP_NS NOT NULL
);
