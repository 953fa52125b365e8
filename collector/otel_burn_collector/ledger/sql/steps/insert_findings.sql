-- The findings that take the place of the deleted ones.
INSERT INTO store.findings BY NAME
SELECT *, now()::TIMESTAMP_NS AS found_at FROM new_findings;
