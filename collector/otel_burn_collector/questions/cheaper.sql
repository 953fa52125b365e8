-- What would the same tokens have cost on another model?
-- At the cheapest list price of --param model=NAME, cached input as plain: an upper bound that assumes equal answers.
WITH other AS (
    SELECT min(usd) FILTER (unit = 'input_tokens') AS input, min(usd) FILTER (unit = 'output_tokens') AS output
    FROM rates
    WHERE model = $model::VARCHAR AND conditions = '{}' AND valid_to IS NULL
)
SELECT coalesce(response_model, request_model) AS model, count(*) AS calls, sum(cost_usd) AS usd,
       sum(input_tokens * other.input + output_tokens * other.output)::DECIMAL(38, 6) AS usd_there
FROM llm_calls, other
WHERE cost_usd IS NOT NULL AND ($since::TIMESTAMP IS NULL OR started_at >= $since::TIMESTAMP)
GROUP BY ALL
ORDER BY usd DESC;
