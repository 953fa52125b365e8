-- What burned over time, by the most expensive names of a dimension?
WITH calls AS (
    SELECT time_bucket(to_seconds($step::DOUBLE), started_at::TIMESTAMP, TIMESTAMP '2000-01-01') AS bucket,
           coalesce(CASE $by::VARCHAR
                        WHEN 'model' THEN coalesce(response_model, request_model)
                        WHEN 'agent' THEN agent
                        WHEN 'session' THEN session_id
                        WHEN 'project' THEN project
                    END, 'not recorded') AS name,
           cost_usd, input_tokens, output_tokens
    FROM llm_calls
    WHERE started_at IS NOT NULL AND ($since::TIMESTAMP IS NULL OR started_at >= $since::TIMESTAMP)
),
ranks AS (
    SELECT name, row_number() OVER (ORDER BY sum(cost_usd) DESC NULLS LAST, sum(input_tokens) DESC NULLS LAST, name)
                 AS rank
    FROM calls
    GROUP BY name
)
SELECT bucket,
       CASE WHEN rank <= $top::BIGINT THEN name ELSE 'all others' END AS name,
       min(rank) AS rank,
       count(*) AS calls,
       coalesce(sum(input_tokens), 0)::BIGINT + coalesce(sum(output_tokens), 0)::BIGINT AS tokens,
       sum(cost_usd)::DOUBLE AS dollars
FROM calls
JOIN ranks USING (name)
GROUP BY ALL
ORDER BY bucket, rank;
