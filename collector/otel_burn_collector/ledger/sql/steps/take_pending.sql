-- What was put off, to be derived now: of all units, or of some.
SET VARIABLE near_from = (SELECT min(near_from) FROM store.pending);
SET VARIABLE near_to = (SELECT max(near_to) FROM store.pending);
SET VARIABLE everything = false;
CREATE OR REPLACE TEMP TABLE seeds AS
SELECT unit, report_id, min(started_at) AS started_at, bool_or(is_new) AS is_new
FROM store.pending
WHERE unit BETWEEN getvariable('first_unit') AND getvariable('last_unit')
GROUP BY unit, report_id;
DELETE FROM store.pending WHERE unit BETWEEN getvariable('first_unit') AND getvariable('last_unit');
