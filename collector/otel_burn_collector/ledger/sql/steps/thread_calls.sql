-- The sessions of the merged calls, and the stored calls whose session changes with them.
CREATE OR REPLACE TEMP TABLE merged AS
SELECT merged.* REPLACE (
           coalesce(thread.session_id, merged.session_id) AS session_id,
           CASE WHEN thread.session_id <> merged.session_id THEN 'threaded' ELSE session_source END AS session_source,
           coalesce(thread.parent_session_id, merged.parent_session_id) AS parent_session_id
       )
FROM merged
LEFT JOIN (
    SELECT call_key, session_id, parent_session_id FROM store.threads SEMI JOIN merged USING (call_key)
) AS thread USING (call_key);

CREATE OR REPLACE TEMP TABLE rehomed AS
SELECT call_key, session_id, parent_session_id, left_session_id,
       CASE WHEN session_id <> run_session THEN 'threaded' ELSE 'run' END AS session_source
FROM resessioned ANTI JOIN merged USING (call_key);
