-- Have every session summed again: for sums that a database of an older version does not have.
CREATE OR REPLACE TEMP TABLE touched_sessions AS SELECT session_key, session_id FROM store.sessions;
SET VARIABLE sessions_from = TIMESTAMP_NS '1970-01-01';
