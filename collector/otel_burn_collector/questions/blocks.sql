-- Which blocks of a session's context cost most?
-- Of --param session=ID; the most expensive session when none is named.
SELECT kind, tool_name, hash, count(*) AS times, max(bytes) AS bytes, sum(tokens)::BIGINT AS tokens, sum(cost_usd) AS usd
FROM context_blocks
WHERE session_id = coalesce($session::VARCHAR, (SELECT arg_max(session_id, coalesce(cost_usd, 0)) FROM sessions))
GROUP BY ALL
ORDER BY usd DESC NULLS LAST, tokens DESC NULLS LAST
LIMIT 50;
