-- The reports whose contexts waited for one of this batch, however old.
SET VARIABLE near_from = least(getvariable('near_from'), (SELECT min(started_at) - INTERVAL 7 DAY FROM unblocked));
SET VARIABLE near_to = greatest(getvariable('near_to'), (SELECT max(started_at) + INTERVAL 7 DAY FROM unblocked));
INSERT INTO seeds SELECT unit, report_id, started_at, false FROM unblocked;
