-- Which sessions had many calls under way at once?
-- `at_once` is the most calls of a session whose times overlap.
WITH edge AS (
    SELECT session_id, started_at AS moment, 1 AS step FROM llm_calls WHERE duration_ms IS NOT NULL
    UNION ALL
    SELECT session_id, started_at + to_microseconds((duration_ms * 1000)::BIGINT), -1
    FROM llm_calls
    WHERE duration_ms IS NOT NULL
), level AS (
    SELECT session_id, sum(step) OVER (PARTITION BY session_id ORDER BY moment, step) AS level FROM edge
)
SELECT session_id, max(level)::BIGINT AS at_once, any_value(session.agent) AS agent, any_value(session.calls) AS calls,
       any_value(session.cost_usd) AS usd
FROM level
JOIN sessions AS session USING (session_id)
WHERE $since::TIMESTAMP IS NULL OR session.ended_at >= $since::TIMESTAMP
GROUP BY session_id
HAVING max(level) > 1
ORDER BY at_once DESC, usd DESC NULLS LAST
LIMIT 100;
