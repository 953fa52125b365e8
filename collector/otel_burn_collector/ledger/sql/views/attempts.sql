-- An HTTP attempt of a call, as seen on the wire.
CREATE OR REPLACE VIEW attempts AS
SELECT attempt_id, call_id, number, status, error_type, http_status, started_at, duration_ms, usage
FROM store.attempts;
COMMENT ON VIEW attempts IS 'An HTTP attempt of a call, as seen on the wire';
COMMENT ON COLUMN attempts.number IS 'From 1';
COMMENT ON COLUMN attempts.usage IS 'What the provider said this attempt used; NULL when it said nothing';
