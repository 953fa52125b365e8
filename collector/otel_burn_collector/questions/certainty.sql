-- How sure are these numbers?
-- By who reported usage and how the price was found. usd is NULL, never 0, where it is unknown.
SELECT usage_status, cost_status, count(*) AS calls, sum(input_tokens)::BIGINT AS input,
       sum(output_tokens)::BIGINT AS output, sum(cost_usd) AS usd,
       round(100 * count(*) / sum(count(*)) OVER (), 1) AS percent_of_calls
FROM llm_calls
WHERE $since::TIMESTAMP IS NULL OR started_at >= $since::TIMESTAMP
GROUP BY ALL
ORDER BY calls DESC;
