-- Which traces does this batch change? Those of new reports; those with reports that got new spans, as a late
-- ancestor may know their session or be a report of the same call; those whose contexts waited for one of this batch,
-- however old; and, so that its session is derived again, that of the last call before a tool run.
SET VARIABLE near_from = least(getvariable('near_from'), (SELECT min(started_at) - INTERVAL 7 DAY FROM unblocked));
SET VARIABLE near_to = greatest(getvariable('near_to'), (SELECT max(started_at) + INTERVAL 7 DAY FROM unblocked));

CREATE OR REPLACE TEMP TABLE touched AS
SELECT DISTINCT md5_number_lower(coalesce(record.trace_id, record.report_id)) AS unit
FROM new_reports AS report
JOIN new_records AS record USING (report_id)
UNION
SELECT unit FROM unblocked
UNION
SELECT DISTINCT unit
FROM (SELECT unit FROM store.reports WHERE started_at BETWEEN getvariable('near_from') AND getvariable('near_to'))
SEMI JOIN (SELECT DISTINCT md5_number_lower(trace_id) AS unit FROM new_spans) USING (unit)
UNION
SELECT arg_max(report.unit, report.started_at)
FROM new_tool_runs AS run
JOIN (
    SELECT unit, session_id, started_at FROM store.reports
    WHERE started_at BETWEEN getvariable('near_from') AND getvariable('near_to')
) AS report ON report.session_id = run.session_id AND report.started_at <= run.ended_at
GROUP BY run.session_id;
