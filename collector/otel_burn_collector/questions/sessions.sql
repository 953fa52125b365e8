-- Which sessions burned most?
-- The most expensive hundred; open one in the explorer for its turns.
SELECT session_id, agent, work_id, started_at, ended_at - started_at AS lasted, calls, input_tokens,
       round(100 * cache_read_tokens / nullif(input_tokens, 0), 1) AS cached_percent, output_tokens, cost_usd AS usd
FROM sessions
WHERE $since::TIMESTAMP IS NULL OR ended_at >= $since::TIMESTAMP
ORDER BY usd DESC NULLS LAST, input_tokens DESC NULLS LAST
LIMIT 100;
