-- Whose context grew most from a session's first turn to its last?
-- A context that is never cut makes each turn dearer than the one before.
SELECT session_id, any_value(agent) AS agent, count(*) AS turns, arg_min(input_tokens, turn) AS first_input,
       max(input_tokens) AS largest_input, round(max(input_tokens) / nullif(arg_min(input_tokens, turn), 0), 1) AS times,
       sum(cost_usd) AS usd
FROM llm_calls
WHERE input_tokens IS NOT NULL AND ($since::TIMESTAMP IS NULL OR started_at >= $since::TIMESTAMP)
GROUP BY session_id
HAVING count(*) > 1
ORDER BY largest_input - first_input DESC
LIMIT 100;
