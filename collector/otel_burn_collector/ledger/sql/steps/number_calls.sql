-- The turn is the place in the session. `moving` has the calls that stay but move by the change, or to another session.
CREATE OR REPLACE TEMP TABLE numbered AS
SELECT call_key, old_turn, session_id,
       row_number() OVER (PARTITION BY session_id ORDER BY started_at, call_id) AS turn
FROM (
    SELECT call_key, call_id, coalesce(rehomed.session_id, call.session_id) AS session_id, started_at, turn AS old_turn
    FROM (SELECT * FROM store.calls WHERE started_at >= getvariable('sessions_from')) AS call
    SEMI JOIN touched_sessions USING (session_key)
    LEFT JOIN rehomed USING (call_key)
    UNION ALL
    SELECT call_key, call_id, session_id, started_at, NULL FROM merged
);

CREATE OR REPLACE TEMP TABLE moving AS
SELECT call_key FROM numbered WHERE old_turn <> turn OR call_key IN (SELECT call_key FROM rehomed);
