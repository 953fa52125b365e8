-- An HTTP attempt of a call, as seen on the wire.
CREATE OR REPLACE VIEW attempts AS
SELECT attempt_id, call_id, number, status, error_type, http_status, started_at, duration_ms, usage
FROM store.attempts;
COMMENT ON VIEW attempts IS 'An HTTP attempt of a call, as seen on the wire';
COMMENT ON COLUMN attempts.number IS 'From 1';
COMMENT ON COLUMN attempts.usage IS 'What the provider said this attempt used; NULL when it said nothing';
COMMENT ON COLUMN attempts.attempt_id IS 'The span that reported it';
COMMENT ON COLUMN attempts.call_id IS 'The call that it belongs to';
COMMENT ON COLUMN attempts.status IS 'ok or error';
COMMENT ON COLUMN attempts.error_type IS 'The provider''s error code, or the exception; NULL when it succeeded';
COMMENT ON COLUMN attempts.http_status IS 'NULL when no answer came';
COMMENT ON COLUMN attempts.started_at IS 'When the request was sent (UTC)';
COMMENT ON COLUMN attempts.duration_ms IS 'Until the answer ended';
