-- Which content cost most in a session, or in one turn of it?
WITH call AS (
    SELECT call_id, turn
    FROM llm_calls
    WHERE session_id = $session::VARCHAR AND started_at BETWEEN $from::TIMESTAMP_NS AND $to::TIMESTAMP_NS
), names AS (
    -- Some formats name a result's tool only by the id of the call.
    SELECT tool_call_id, any_value(tool_name) AS tool
    FROM tool_calls
    WHERE session_id = $session::VARCHAR AND tool_call_id IS NOT NULL
      AND started_at BETWEEN $from::TIMESTAMP_NS AND $to::TIMESTAMP_NS
    GROUP BY ALL
), block AS (
    SELECT block.*, call.turn, names.tool
    FROM (SELECT * FROM context_blocks
          WHERE session_id = $session::VARCHAR AND session_key = md5_number_lower($session::VARCHAR)) AS block
    JOIN call USING (call_id)
    LEFT JOIN names USING (tool_call_id)
), carried AS (
    SELECT kind, hash, min(turn) AS first_turn, max(turn) AS last_turn, count(DISTINCT call_id) AS times
    FROM block
    GROUP BY ALL
)
SELECT kind, coalesce(any_value(tool_name), any_value(tool)) AS tool, hash, any_value(first_turn) AS first_turn,
       any_value(last_turn) AS last_turn, any_value(times) AS times, max(bytes) AS bytes, sum(bytes)::BIGINT AS sent_bytes, sum(tokens)::BIGINT AS tokens,
       sum(cost_usd) AS cost_usd, any_value(error_class) AS error, min(position) AS position, count(*) OVER () AS in_all
FROM block JOIN carried USING (kind, hash)
WHERE $turn::BIGINT IS NULL OR turn = $turn::BIGINT
GROUP BY kind, hash
ORDER BY cost_usd DESC NULLS LAST, tokens DESC NULLS LAST, sent_bytes DESC, hash
LIMIT $top::BIGINT;
