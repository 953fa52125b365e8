-- Of which models is the cost unknown, and is it the price that is missing, or the usage?
SELECT coalesce(provider, 'unknown provider') AS provider,
       coalesce(response_model, request_model, 'unknown model') AS model,
       count(*) AS calls,
       coalesce(usage_status, 'missing') = 'missing' AS without_usage
FROM llm_calls
WHERE cost_status = 'unpriced'
  AND ($run::VARCHAR IS NULL OR run_id = $run::VARCHAR)
  AND ($since::TIMESTAMP IS NULL OR started_at >= $since::TIMESTAMP)
GROUP BY ALL
ORDER BY calls DESC, provider, model, without_usage;
