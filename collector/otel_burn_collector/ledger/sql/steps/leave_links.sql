-- The touched reports leave the keys under which they were found.
-- Whoever was found under a key that a report leaves is looked at again, too.
INSERT INTO left_keys
SELECT DISTINCT key FROM (
    SELECT key, unit, report_id FROM store.links
    WHERE started_at BETWEEN getvariable('touched_from') AND getvariable('touched_to')
)
SEMI JOIN touched USING (unit, report_id);

DELETE FROM store.links
WHERE started_at BETWEEN getvariable('touched_from') AND getvariable('touched_to')
  AND unit IN (SELECT unit FROM touched) AND report_id IN (SELECT report_id FROM touched);
