-- What do sessions begin with, and carry in every call: system prompt and tools, by agent?
, begins AS (
    SELECT session_id, agent FROM sessions WHERE list_contains($sessions::VARCHAR[], session_id)
), block AS (
    SELECT session_id, call_id, kind, tokens, cost_usd, bytes
    FROM carried
    WHERE kind IN ('system', 'tool_definition')
), call AS (
    SELECT session_id, call_id, sum(tokens) AS tokens, sum(CASE WHEN kind = 'tool_definition' THEN tokens WHEN tokens IS NOT NULL THEN 0 END) AS tool_tokens,
           sum(cost_usd) AS cost_usd
    FROM block
    GROUP BY ALL
)
SELECT coalesce(agent, 'not recorded') AS agent, count(DISTINCT session_id) AS sessions, count(*) AS calls,
       median(tokens)::BIGINT AS each_tokens, median(tool_tokens)::BIGINT AS tool_tokens, sum(tokens)::BIGINT AS tokens,
       sum(cost_usd)::DECIMAL(38, 12) AS cost_usd, arg_max(session_id, (coalesce(tokens, 0), session_id)) AS session_id
FROM call JOIN begins USING (session_id)
GROUP BY agent
ORDER BY cost_usd DESC NULLS LAST, tokens DESC NULLS LAST, agent
LIMIT $top::BIGINT;
