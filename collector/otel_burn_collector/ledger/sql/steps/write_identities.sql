-- Which call is each touched report from now on? (assigned comes from joining; a roll-up's call_id is NULL.)
INSERT INTO store.identities BY NAME
SELECT resolved.unit, report_id, resolved.started_at, call_id, publication, joined_by
FROM assigned
JOIN resolved USING (report_id)
WHERE call_id IS NOT NULL;
