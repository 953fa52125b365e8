-- How fast does it burn right now?
SELECT count(*) AS calls, sum(cost_usd) FILTER (status IS DISTINCT FROM 'error') AS cost_usd,
       (coalesce(sum(input_tokens), 0) + coalesce(sum(output_tokens), 0))::BIGINT AS tokens, count(DISTINCT session_id) AS sessions
FROM llm_calls
WHERE started_at >= $from::TIMESTAMP;
