-- What did each agent burn, and how much of it failed?
-- `agent` is the agent's name, else its service's.
SELECT agent, count(*) AS calls, count(*) FILTER (status = 'error') AS failed, count(DISTINCT session_id) AS sessions,
       sum(input_tokens)::BIGINT AS input, sum(output_tokens)::BIGINT AS output, sum(cost_usd) AS usd
FROM llm_calls
WHERE $since::TIMESTAMP IS NULL OR started_at >= $since::TIMESTAMP
GROUP BY ALL
ORDER BY usd DESC NULLS LAST, calls DESC;
