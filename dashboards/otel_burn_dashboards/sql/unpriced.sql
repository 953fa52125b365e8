-- Which models have tokens without a price?
SELECT coalesce(response_model, request_model, 'unknown model') AS model,
       count(*) AS calls,
       sum(coalesce(input_tokens, 0) + coalesce(output_tokens, 0))::BIGINT AS tokens
FROM llm_calls
WHERE cost_usd IS NULL AND status IS DISTINCT FROM 'error' AND cost_status IS DISTINCT FROM 'not_metered'
  AND ($since::TIMESTAMP IS NULL OR started_at >= $since::TIMESTAMP)
GROUP BY ALL
ORDER BY tokens DESC, calls DESC, model;
