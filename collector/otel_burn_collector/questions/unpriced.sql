-- Which models have no known price?
-- Tell us, or read their usd as unknown: it is in no sum.
SELECT provider, coalesce(response_model, request_model) AS model, cost_status, count(*) AS calls,
       sum(coalesce(input_tokens, 0) + coalesce(output_tokens, 0))::BIGINT AS tokens
FROM llm_calls
WHERE cost_usd IS NULL AND ($since::TIMESTAMP IS NULL OR started_at >= $since::TIMESTAMP)
GROUP BY ALL
ORDER BY tokens DESC;
