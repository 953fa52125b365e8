-- Which agents ask at regular times and hardly answer?
-- Calls of one agent and model at nearly equal distances (spread under a fifth), each with under 50 tokens of output.
WITH spaced AS (
    SELECT agent, coalesce(response_model, request_model) AS model, output_tokens, input_tokens, cost_usd,
           epoch(started_at - lag(started_at) OVER (PARTITION BY agent, request_model ORDER BY started_at)) AS pause
    FROM llm_calls
    WHERE status = 'ok' AND ($since::TIMESTAMP IS NULL OR started_at >= $since::TIMESTAMP)
)
SELECT agent, model, count(*) AS calls, round(median(pause), 1) AS every_seconds, sum(input_tokens)::BIGINT AS input,
       sum(output_tokens)::BIGINT AS output, sum(cost_usd) AS usd
FROM spaced
GROUP BY ALL
HAVING count(pause) >= 5 AND median(pause) >= 5 AND stddev_pop(pause) < median(pause) / 5 AND avg(output_tokens) < 50
ORDER BY usd DESC NULLS LAST;
