-- Where does the provider's cache help, and where is it missed?
-- `saved_usd` is what cached tokens would have cost as plain input, less what they did cost; from the bill's own rates.
WITH line AS (
    SELECT agent, coalesce(response_model, request_model) AS model, input_tokens, cache_read_tokens,
           list_filter(cost_lines, lambda one: one.unit = 'input_tokens')[1].rate AS plain_rate,
           list_filter(cost_lines, lambda one: one.unit = 'cache_read_tokens')[1].rate AS cached_rate
    FROM llm_calls
    WHERE input_tokens > 0 AND ($since::TIMESTAMP IS NULL OR started_at >= $since::TIMESTAMP)
)
SELECT agent, model, count(*) AS calls, sum(input_tokens)::BIGINT AS input,
       coalesce(sum(cache_read_tokens), 0)::BIGINT AS cached,
       round(100 * coalesce(sum(cache_read_tokens), 0) / sum(input_tokens), 1) AS cached_percent,
       sum(cache_read_tokens * (plain_rate - cached_rate)::DOUBLE) AS saved_usd
FROM line
GROUP BY ALL
ORDER BY input - cached DESC;
