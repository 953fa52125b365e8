-- The session that another was forked from, or started by, where its log tells.
ALTER TABLE IF EXISTS store.reports ADD COLUMN IF NOT EXISTS parent_session_id VARCHAR;
