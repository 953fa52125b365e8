-- Which models have no price?
SELECT coalesce(provider, 'unknown provider') AS provider,
       coalesce(response_model, request_model, 'unknown model') AS model,
       count(*) AS calls
FROM llm_calls
WHERE cost_status = 'unpriced'
  AND ($run::VARCHAR IS NULL OR run_id = $run::VARCHAR)
  AND ($since::TIMESTAMP IS NULL OR started_at >= $since::TIMESTAMP)
GROUP BY ALL
ORDER BY calls DESC, provider, model;
