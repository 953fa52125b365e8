-- Which traces does this batch change? Those of new reports, and those with reports that got new spans: a late
-- ancestor may know their session, or be a report of the same call.
CREATE OR REPLACE TEMP TABLE touched AS
SELECT DISTINCT md5_number_lower(coalesce(record.trace_id, record.report_id)) AS unit
FROM new_reports AS report
JOIN new_records AS record USING (report_id)
UNION
SELECT DISTINCT unit
FROM (SELECT unit FROM store.reports WHERE started_at BETWEEN getvariable('near_from') AND getvariable('near_to'))
SEMI JOIN (SELECT DISTINCT md5_number_lower(trace_id) AS unit FROM new_spans) USING (unit);
