-- Which models answer many small questions?
-- Calls under 500 tokens in and 100 out, by price of output: the dear ones are worth trying on a smaller model.
SELECT provider, coalesce(response_model, request_model) AS model, count(*) AS small_calls,
       sum(input_tokens)::BIGINT AS input, sum(output_tokens)::BIGINT AS output, sum(cost_usd) AS usd,
       any_value(list_filter(cost_lines, lambda one: one.unit = 'output_tokens')[1].rate) * 1000000 AS usd_per_million_output
FROM llm_calls
WHERE status = 'ok' AND input_tokens < 500 AND output_tokens < 100
  AND ($since::TIMESTAMP IS NULL OR started_at >= $since::TIMESTAMP)
GROUP BY ALL
ORDER BY usd DESC NULLS LAST;
