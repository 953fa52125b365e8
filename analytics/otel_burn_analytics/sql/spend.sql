-- How sure are the dollars? Calls and dollars by cost status.
SELECT coalesce(cost_status, 'unknown') AS status, count(*) AS calls, sum(cost_usd) AS usd
FROM llm_calls
WHERE ($run::VARCHAR IS NULL OR run_id = $run::VARCHAR)
  AND ($since::TIMESTAMP IS NULL OR started_at >= $since::TIMESTAMP)
GROUP BY ALL
ORDER BY usd DESC NULLS LAST, status;
