-- The threads of the touched groups, and their sessions. A thread of two calls or more is a session of its own. A call
-- that nothing follows stays where it branched off, and in the run's session where it came from nowhere: so neither
-- side questions nor calls that have nothing in common make hundreds of sessions of one call.
CREATE OR REPLACE TEMP TABLE left_sessions AS
SELECT call_key, session_id, parent_session_id FROM store.threads SEMI JOIN threading USING (call_key);

DELETE FROM store.threads
WHERE call_key IN (SELECT call_key FROM old_calls) OR call_key IN (SELECT call_key FROM threading);
INSERT INTO store.threads BY NAME
FROM old_threads SEMI JOIN unnamed USING (call_key) ANTI JOIN threading USING (call_key);
INSERT INTO store.threads BY NAME
SELECT threading.*, thread_id, previous_call_id, parent_thread_id, left_sessions.* EXCLUDE (call_key)
FROM threading
JOIN threaded USING (call_id)
LEFT JOIN left_sessions USING (call_key);

CREATE OR REPLACE TEMP TABLE members AS
SELECT * FROM store.threads SEMI JOIN touched_groups USING (group_key);

CREATE OR REPLACE TEMP TABLE thread_sessions AS
WITH RECURSIVE thread AS (
    SELECT thread_id, any_value(run_session) AS run_session, count(*) > 1 AS grown, max(parent_thread_id) AS parent
    FROM members GROUP BY thread_id
), climb(thread_id, home, depth) AS (
    SELECT thread_id, thread_id, 0 FROM thread
    UNION ALL
    SELECT climb.thread_id, thread.parent, depth + 1
    FROM climb JOIN thread ON thread.thread_id = climb.home
    WHERE NOT thread.grown AND thread.parent IS NOT NULL
), home AS (
    SELECT climb.thread_id, arg_max(climb.home, depth) AS home FROM climb GROUP BY climb.thread_id
), settled AS (
    SELECT home.thread_id, root.parent,
           CASE WHEN root.grown THEN root.run_session || '/' || root.thread_id ELSE root.run_session END AS session_id
    FROM home JOIN thread AS root ON root.thread_id = home.home
)
SELECT settled.thread_id, settled.session_id, parent.session_id AS parent_session_id
FROM settled LEFT JOIN settled AS parent ON parent.thread_id = settled.parent;

CREATE OR REPLACE TEMP TABLE resessioned AS
SELECT member.* REPLACE (home.session_id AS session_id, home.parent_session_id AS parent_session_id),
       member.session_id AS left_session_id
FROM members AS member
JOIN thread_sessions AS home USING (thread_id)
WHERE home.session_id IS DISTINCT FROM member.session_id
   OR home.parent_session_id IS DISTINCT FROM member.parent_session_id;

DELETE FROM store.threads WHERE call_key IN (SELECT call_key FROM resessioned);
INSERT INTO store.threads BY NAME SELECT * EXCLUDE (left_session_id) FROM resessioned;
