-- Which calls took several attempts, and what did they fail with?
-- Attempts as seen on the wire; providers bill only those that were answered.
SELECT provider, coalesce(response_model, request_model) AS model, call.error_type, call.http_status, call.status,
       count(*) AS calls, sum(call.attempts)::BIGINT AS attempts, sum(call.attempts - 1)::BIGINT AS retries,
       round(sum(call.duration_ms) / 1000, 1) AS seconds
FROM llm_calls AS call
WHERE (attempts > 1 OR status = 'error') AND ($since::TIMESTAMP IS NULL OR started_at >= $since::TIMESTAMP)
GROUP BY ALL
ORDER BY retries DESC, calls DESC;
