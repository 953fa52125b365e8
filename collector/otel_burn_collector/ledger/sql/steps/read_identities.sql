-- Under which calls were the touched reports published before?
SELECT report_id, call_id, publication
FROM (SELECT * FROM store.identities WHERE started_at BETWEEN getvariable('touched_from') AND getvariable('touched_to'))
SEMI JOIN touched USING (unit, report_id);
