-- What did each name burn, and each pair of names?
SELECT name, then_name, sum(calls)::BIGINT AS calls, sum(failed)::BIGINT AS failed,
       sum(unpriced_calls)::BIGINT AS unpriced_calls, sum(input_tokens)::BIGINT AS input_tokens,
       sum(cache_read_tokens)::BIGINT AS cache_read_tokens, sum(output_tokens)::BIGINT AS output_tokens,
       sum(missed_usd)::DECIMAL(38, 12) AS missed_usd, sum(spent_usd)::DECIMAL(38, 12) AS cost_usd,
       count(DISTINCT session_id) AS sessions, count(*) OVER () AS groups
FROM spent
GROUP BY ALL
ORDER BY cost_usd DESC NULLS LAST, input_tokens DESC NULLS LAST, name, then_name
LIMIT $top::BIGINT;
