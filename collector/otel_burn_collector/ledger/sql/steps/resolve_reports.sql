-- What do the touched reports know, their ancestors included?
SET VARIABLE touched_from = (SELECT min(started_at) FROM touched);
SET VARIABLE touched_to = (SELECT max(started_at) FROM touched);

CREATE OR REPLACE TEMP TABLE resolved AS
SELECT report.* EXCLUDE (place) REPLACE (
           coalesce(report.session_id, told.session_id) AS session_id,
           coalesce(report.agent, told.agent) AS agent,
           coalesce(report.agent_id, told.agent_id) AS agent_id,
           coalesce(report.user_id, told.user_id) AS user_id,
           coalesce(report.work_id, told.work_id) AS work_id,
           coalesce(report.project, told.project) AS project,
           CASE WHEN report.response_model IS NULL THEN coalesce(report.request_model, told.request_model)
                ELSE report.request_model END AS request_model,
           CASE WHEN report.usage_status IS NOT NULL THEN report.usage_status
                WHEN report.input_tokens IS NULL OR report.is_error THEN 'partial'
                WHEN report.output_tokens IS NULL AND coalesce(report.operation, '') NOT IN ('embedding', 'embeddings', 'rerank')
                    THEN 'partial'
                ELSE 'exact' END AS usage_status
       ),
       told.above
FROM (
    SELECT rowid AS place, * FROM store.reports
    WHERE started_at BETWEEN getvariable('touched_from') AND getvariable('touched_to')
) AS report
JOIN touched USING (place)
JOIN climbed AS told ON told.report_id = touched.report_id;
