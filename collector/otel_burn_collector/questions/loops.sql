-- Which tool calls were repeated with the same arguments and the same outcome?
-- At least three in one session. `otel-burn findings` tells loops from polling; this is the raw count.
SELECT session_id, any_value(agent) AS agent, tool_name, count(*) AS times, min(turn) AS first_turn, max(turn) AS last_turn,
       any_value(effect) AS effect, any_value(error_class) AS error_class
FROM tool_calls
WHERE args_hash IS NOT NULL AND result_hash IS NOT NULL
  AND ($since::TIMESTAMP IS NULL OR started_at >= $since::TIMESTAMP)
GROUP BY session_id, tool_name, args_hash, result_hash
HAVING count(*) >= 3
ORDER BY times DESC, session_id;
