-- Whose calls change?
CREATE OR REPLACE TEMP TABLE touched_sessions AS
SELECT DISTINCT md5_number_lower(session_id) AS session_key, session_id
FROM (
    SELECT session_id FROM merged
    UNION ALL SELECT session_id FROM gone_calls
    UNION ALL SELECT unnest([session_id, left_session_id]) FROM rehomed
)
WHERE session_id IS NOT NULL;

-- None of their rows begins before this.
SET VARIABLE sessions_from = (
    SELECT min(started_at) FROM (
        SELECT min(started_at) AS started_at FROM store.sessions SEMI JOIN touched_sessions USING (session_key)
        UNION ALL
        SELECT min(started_at) FROM merged
    )
);
