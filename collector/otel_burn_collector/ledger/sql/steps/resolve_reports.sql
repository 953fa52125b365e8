-- What do the touched reports know, their ancestors included? The nearest ancestor that says it, counts.
-- Two looks at each table: one at keys and times, for the range; one at whole rows, within the range.
SET VARIABLE kin_from = (
    SELECT min(started_at) FROM (SELECT trace_key AS unit, started_at FROM store.lineage
                                 WHERE started_at BETWEEN getvariable('near_from') AND getvariable('near_to'))
    SEMI JOIN touched USING (unit)
);
SET VARIABLE touched_from = (
    SELECT min(started_at) FROM (SELECT unit, started_at FROM store.reports
                                 WHERE started_at BETWEEN getvariable('near_from') AND getvariable('near_to'))
    SEMI JOIN touched USING (unit)
);
SET VARIABLE touched_to = (
    SELECT max(started_at) FROM (SELECT unit, started_at FROM store.reports
                                 WHERE started_at BETWEEN getvariable('near_from') AND getvariable('near_to'))
    SEMI JOIN touched USING (unit)
);

CREATE OR REPLACE TEMP TABLE kin AS
SELECT DISTINCT ON (trace_key, span_id) * FROM (
    SELECT * FROM store.lineage WHERE started_at BETWEEN getvariable('kin_from') AND getvariable('near_to')
)
SEMI JOIN touched ON touched.unit = trace_key
ORDER BY trace_key, span_id, started_at;

CREATE OR REPLACE TEMP TABLE touched_reports AS
SELECT DISTINCT ON (report_id) * FROM (
    SELECT * FROM store.reports WHERE started_at BETWEEN getvariable('touched_from') AND getvariable('touched_to')
)
SEMI JOIN touched USING (unit)
ORDER BY report_id, started_at;

CREATE OR REPLACE TEMP TABLE resolved AS
WITH RECURSIVE climb(report_id, unit, span_id, depth) AS (
    SELECT report_id, unit, CASE WHEN signal = 'span' THEN parent_span_id ELSE span_id END, 1
    FROM touched_reports
    WHERE trace_id IS NOT NULL
    UNION ALL
    SELECT climb.report_id, climb.unit, kin.parent_span_id, climb.depth + 1
    FROM climb
    JOIN kin ON kin.trace_key = climb.unit AND kin.span_id = climb.span_id
    WHERE climb.depth < 128 -- a cycle of parents ends here
), told AS (
    SELECT climb.report_id,
           arg_min(above.report_id, climb.depth) FILTER (above.report_id <> climb.report_id) AS above,
           arg_min(kin.session_id, climb.depth) AS session_id,
           arg_min(kin.agent, climb.depth) AS agent,
           arg_min(kin.agent_id, climb.depth) AS agent_id,
           arg_min(kin.user_id, climb.depth) AS user_id,
           arg_min(kin.work_id, climb.depth) AS work_id,
           arg_min(kin.project, climb.depth) AS project,
           arg_min(kin.request_model, climb.depth) AS request_model
    FROM climb
    LEFT JOIN kin ON kin.trace_key = climb.unit AND kin.span_id = climb.span_id
    LEFT JOIN touched_reports AS above
           ON above.unit = climb.unit AND above.span_id = climb.span_id AND above.signal = 'span'
    GROUP BY climb.report_id
)
SELECT report.* REPLACE (
           coalesce(report.session_id, told.session_id) AS session_id,
           coalesce(report.agent, told.agent) AS agent,
           coalesce(report.agent_id, told.agent_id) AS agent_id,
           coalesce(report.user_id, told.user_id) AS user_id,
           coalesce(report.work_id, told.work_id) AS work_id,
           coalesce(report.project, told.project) AS project,
           CASE WHEN report.response_model IS NULL THEN coalesce(report.request_model, told.request_model)
                ELSE report.request_model END AS request_model
       ),
       told.above
FROM touched_reports AS report
LEFT JOIN told USING (report_id);
