-- The reports of what is to be priced again: of a time whose months are open.
CREATE OR REPLACE TEMP TABLE seeds AS
SELECT unit, report_id, started_at, false AS is_new FROM store.reports
WHERE started_at >= make_timestamp_ns($since)
  AND strftime(started_at::TIMESTAMP, '%Y-%m') > coalesce((SELECT max(period) FROM store.closed_periods), '');
