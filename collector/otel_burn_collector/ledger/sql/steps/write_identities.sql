-- Which call is each touched report from now on? (assigned comes from joining; a roll-up's call_id is NULL.)
CREATE OR REPLACE TEMP TABLE old_calls AS
SELECT DISTINCT md5_number_lower(call_id) AS call_key, call_id
FROM (SELECT * FROM store.identities WHERE started_at BETWEEN getvariable('touched_from') AND getvariable('touched_to'))
SEMI JOIN touched USING (unit, report_id);

DELETE FROM store.identities
WHERE started_at BETWEEN getvariable('touched_from') AND getvariable('touched_to')
  AND unit IN (SELECT unit FROM touched) AND report_id IN (SELECT report_id FROM touched);

INSERT INTO store.identities BY NAME
SELECT resolved.unit, report_id, resolved.started_at, call_id, publication, joined_by
FROM assigned
JOIN resolved USING (report_id)
WHERE call_id IS NOT NULL;

INSERT INTO store.aliases
SELECT DISTINCT alias, call_id FROM assigned_aliases
ANTI JOIN store.aliases AS known USING (alias, call_id);
