-- Which content cost most in a session, or in one turn of it?
WITH names AS (
    -- Some formats name a result's tool only by the id of the call.
    SELECT tool_call_id, any_value(tool_name) AS tool
    FROM tool_calls
    WHERE session_id = $session::VARCHAR AND tool_call_id IS NOT NULL
    GROUP BY ALL
)
SELECT kind, coalesce(any_value(block.tool_name), any_value(names.tool)) AS tool, hash,
       min(call.turn) AS first_turn, max(call.turn) AS last_turn, count(DISTINCT call_id) AS times,
       max(bytes) AS bytes, sum(tokens)::BIGINT AS tokens, sum(block.cost_usd) AS cost_usd,
       any_value(error_class) AS error
FROM context_blocks AS block
JOIN (SELECT call_id, turn FROM llm_calls WHERE session_id = $session::VARCHAR) AS call USING (call_id)
LEFT JOIN names ON names.tool_call_id = block.tool_call_id
WHERE block.session_id = $session::VARCHAR AND ($turn::BIGINT IS NULL OR call.turn = $turn::BIGINT)
GROUP BY kind, hash
ORDER BY cost_usd DESC NULLS LAST, tokens DESC NULLS LAST, bytes DESC, hash
LIMIT $top::BIGINT;
