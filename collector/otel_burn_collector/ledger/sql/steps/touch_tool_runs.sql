-- The last report before each tool run, so that its session is derived again.
INSERT INTO seeds
SELECT last.*, false
FROM (
    SELECT arg_max({unit: report.unit, report_id: report.report_id, started_at: report.started_at}, report.started_at) AS last
    FROM new_tool_runs AS run
    JOIN (
        SELECT unit, report_id, session_id, started_at FROM store.reports
        WHERE started_at BETWEEN getvariable('near_from') AND getvariable('near_to')
    ) AS report ON report.session_id = run.session_id AND report.started_at <= run.ended_at
    GROUP BY run.session_id
);
