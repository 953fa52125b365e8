-- Stored calls whose session changes: none so far.
CREATE OR REPLACE TEMP TABLE rehomed AS
SELECT call_key, session_id, parent_session_id, session_id AS left_session_id, session_source FROM store.calls LIMIT 0;
