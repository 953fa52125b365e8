-- New reports of a time whose calls are purged: whether they were counted nobody can tell any more, so they are not
-- counted again. An hour more, as the reports of one call do not all begin at the same moment.
DELETE FROM new_reports WHERE report_id IN (
    SELECT report_id FROM new_records WHERE started_at < getvariable('purged_calls') + INTERVAL 1 HOUR
);
