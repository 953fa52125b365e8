-- What did each model, session, agent, work item or project burn?
SELECT CASE $by::VARCHAR
           WHEN 'model' THEN coalesce(response_model, request_model)
           WHEN 'session' THEN session_id
           WHEN 'agent' THEN agent
           WHEN 'work' THEN work_id
           WHEN 'project' THEN project
       END AS name,
       count(*) AS calls,
       count(*) FILTER (status = 'error') AS failed,
       sum(input_tokens)::BIGINT AS input_tokens,
       sum(cache_read_tokens)::BIGINT AS cache_read_tokens,
       sum(output_tokens)::BIGINT AS output_tokens,
       -- A refused call costs nothing, which is known; beside unpriced ones alone it must not make a sum of $0.
       CASE WHEN bool_or(cost_status = 'unpriced') THEN sum(cost_usd) FILTER (cost_status <> 'not_metered')
            ELSE sum(cost_usd) END AS cost_usd,
       count(*) FILTER (cost_usd IS NULL AND status IS DISTINCT FROM 'error') AS unpriced_calls,
       count(*) OVER () AS groups
FROM llm_calls
WHERE ($run::VARCHAR IS NULL OR run_id = $run::VARCHAR)
  AND ($since::TIMESTAMP IS NULL OR started_at >= $since::TIMESTAMP)
GROUP BY ALL
ORDER BY cost_usd DESC NULLS LAST, input_tokens DESC NULLS LAST, name
LIMIT $top::BIGINT;
