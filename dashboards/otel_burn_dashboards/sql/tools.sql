-- What did each tool burn? How often it was asked for, and what its results cost as input of the calls that read them.
, names AS (
    SELECT session_id, tool_call_id, any_value(tool_name) AS tool_name
    FROM tool_calls SEMI JOIN spent USING (session_id)
    WHERE tool_call_id IS NOT NULL
    GROUP BY ALL
), asked AS (
    SELECT tool_name AS name, count(*) AS calls, count(error_class) AS failed
    FROM tool_calls SEMI JOIN spent USING (session_id)
    WHERE ($since::TIMESTAMP IS NULL OR started_at >= $since::TIMESTAMP)
      AND ($until::TIMESTAMP IS NULL OR started_at < $until::TIMESTAMP)
    GROUP BY ALL
), carried AS (
    SELECT coalesce(block.tool_name, names.tool_name) AS name, sum(block.tokens)::BIGINT AS input_tokens,
           sum(block.cost_usd)::DECIMAL(38, 12) AS cost_usd
    FROM (SELECT * FROM context_blocks SEMI JOIN spent USING (session_id) WHERE kind = 'tool_result') AS block
    LEFT JOIN names ON names.session_id = block.session_id AND names.tool_call_id = block.tool_call_id
    GROUP BY ALL
)
SELECT coalesce(name, 'unnamed tool') AS name, coalesce(calls, 0) AS calls, coalesce(failed, 0) AS failed, input_tokens, cost_usd
FROM asked FULL JOIN carried USING (name)
ORDER BY cost_usd DESC NULLS LAST, calls DESC, name
LIMIT $top::BIGINT;
