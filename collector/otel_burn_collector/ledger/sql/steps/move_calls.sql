-- Calls that move are written again.
CREATE OR REPLACE TEMP TABLE moved AS
SELECT call.* REPLACE (
           numbered.turn AS turn, numbered.session_id AS session_id, md5_number_lower(numbered.session_id) AS session_key,
           coalesce(rehomed.session_source, call.session_source) AS session_source,
           CASE WHEN rehomed.call_key IS NULL THEN call.parent_session_id ELSE rehomed.parent_session_id END
               AS parent_session_id
       )
FROM (SELECT * FROM store.calls WHERE started_at >= getvariable('sessions_from')) AS call
SEMI JOIN moving ON moving.call_key = call.call_key
JOIN numbered ON numbered.call_key = call.call_key
LEFT JOIN rehomed ON rehomed.call_key = call.call_key;

DELETE FROM store.calls
WHERE started_at >= getvariable('sessions_from') AND call_key IN (SELECT call_key FROM moving);
INSERT INTO store.calls BY NAME SELECT * FROM moved;
