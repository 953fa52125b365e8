-- The calls that the touched reports made before: what they are from now on is derived from all of their reports.
CREATE OR REPLACE TEMP TABLE old_calls AS
SELECT DISTINCT md5_number_lower(call_id) AS call_key, call_id
FROM (SELECT * FROM store.identities WHERE started_at BETWEEN getvariable('touched_from') AND getvariable('touched_to'))
SEMI JOIN touched USING (unit, report_id);

CREATE OR REPLACE TEMP TABLE gone_calls AS
SELECT call_key, session_key, session_id
FROM (
    SELECT call_key, session_key, session_id FROM store.calls
    WHERE started_at BETWEEN getvariable('near_from') AND getvariable('near_to')
)
SEMI JOIN old_calls USING (call_key);

DELETE FROM store.identities
WHERE started_at BETWEEN getvariable('touched_from') AND getvariable('touched_to')
  AND unit IN (SELECT unit FROM touched) AND report_id IN (SELECT report_id FROM touched);
