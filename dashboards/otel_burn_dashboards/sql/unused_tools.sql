-- Which tools were offered in every call and never used, by session?
, used AS (
    SELECT DISTINCT session_id, tool_name FROM tool_calls WHERE list_contains($sessions::VARCHAR[], session_id)
), offered AS (
    SELECT session_id, tool_name, count(DISTINCT call_id) AS calls, sum(tokens) AS tokens, sum(cost_usd) AS cost_usd
    FROM carried
    WHERE kind = 'tool_definition' AND tool_name IS NOT NULL
    GROUP BY ALL
)
SELECT tool_name AS tool, count(*) AS sessions, count(used.tool_name) AS used_in, sum(calls)::BIGINT AS times,
       sum(tokens) FILTER (used.tool_name IS NULL)::BIGINT AS tokens,
       sum(cost_usd) FILTER (used.tool_name IS NULL)::DECIMAL(38, 12) AS cost_usd,
       arg_max(session_id, (coalesce(cost_usd, 0), session_id)) FILTER (used.tool_name IS NULL) AS session_id
FROM offered LEFT JOIN used USING (session_id, tool_name)
GROUP BY tool_name
HAVING count(used.tool_name) < count(*)
ORDER BY cost_usd DESC NULLS LAST, tokens DESC NULLS LAST, tool
LIMIT $top::BIGINT;
