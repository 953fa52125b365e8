-- Which of them are new or changed, and which calls come after the first of these? Only those can go on from another
-- call than before.
CREATE OR REPLACE TEMP TABLE touched_groups AS
WITH known AS (
    SELECT COLUMNS(* EXCLUDE (thread_id, previous_call_id, parent_thread_id, session_id, parent_session_id)) FROM old_threads
), changed AS (
    (FROM unnamed EXCEPT FROM known)
    UNION ALL
    (FROM known EXCEPT FROM unnamed)
    UNION ALL
    (FROM unnamed WHERE getvariable('everything'))
)
SELECT group_key, min(started_at) AS since FROM changed GROUP BY group_key;

CREATE OR REPLACE TEMP TABLE threading AS
SELECT unnamed.* FROM unnamed JOIN touched_groups USING (group_key) WHERE started_at >= since
UNION ALL BY NAME
SELECT COLUMNS(stored.* EXCLUDE (thread_id, previous_call_id, parent_thread_id, session_id, parent_session_id))
FROM store.threads AS stored
JOIN touched_groups ON touched_groups.group_key = stored.group_key AND stored.started_at >= touched_groups.since
ANTI JOIN old_calls ON old_calls.call_key = stored.call_key;

-- What came before them stays as it is.
CREATE OR REPLACE TEMP TABLE threaded_before AS
WITH member AS (
    SELECT stored.* FROM store.threads AS stored
    JOIN touched_groups ON touched_groups.group_key = stored.group_key AND stored.started_at < touched_groups.since
)
SELECT group_key, call_id, started_at, ended_at, opening, blocks, parts, answer, telling, thread_id,
       call_id IN (SELECT previous_call_id FROM member WHERE previous_call_id IS NOT NULL) AS continued
FROM member;
