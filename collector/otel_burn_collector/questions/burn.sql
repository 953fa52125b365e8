-- What did each model burn?
-- Every call counts once; `unpriced` are calls whose price nobody knows, so usd is then a lower bound.
SELECT provider, coalesce(response_model, request_model) AS model, count(*) AS calls,
       sum(input_tokens)::BIGINT AS input, sum(cache_read_tokens)::BIGINT AS cached, sum(output_tokens)::BIGINT AS output,
       sum(cost_usd) AS usd, count(*) FILTER (cost_status = 'unpriced') AS unpriced
FROM llm_calls
WHERE $since::TIMESTAMP IS NULL OR started_at >= $since::TIMESTAMP
GROUP BY ALL
ORDER BY usd DESC NULLS LAST, calls DESC;
