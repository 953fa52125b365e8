-- Which content cost most, over all the sessions that carried it?
, names AS (
    SELECT session_id, tool_call_id, any_value(tool_name) AS tool
    FROM tool_calls WHERE list_contains($sessions::VARCHAR[], session_id)
      AND tool_call_id IS NOT NULL
    GROUP BY ALL
)
SELECT kind, coalesce(min(block.tool_name), min(names.tool)) AS tool, hash, max(bytes) AS bytes,
       count(DISTINCT call_id) AS times, count(DISTINCT block.session_id) AS sessions, sum(tokens)::BIGINT AS tokens,
       sum(cost_usd)::DECIMAL(38, 12) AS cost_usd,
       sum(cost_usd) FILTER (first_seen_call_id <> call_id)::DECIMAL(38, 12) AS carried_usd,
       arg_max(block.session_id, (coalesce(cost_usd, 0), block.session_id)) AS session_id
FROM carried AS block
LEFT JOIN names ON names.session_id = block.session_id AND names.tool_call_id = block.tool_call_id
GROUP BY kind, hash
ORDER BY cost_usd DESC NULLS LAST, tokens DESC NULLS LAST, sum(bytes) DESC, hash
LIMIT $top::BIGINT;
