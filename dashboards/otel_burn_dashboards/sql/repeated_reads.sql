-- Which reads brought the same content again within a session, of $sessions?
WITH wanted AS (SELECT unnest($sessions::VARCHAR[]) AS session_id)
SELECT tool_name AS tool, args_hash, count(*) AS times, count(DISTINCT session_id) AS sessions, max(result_bytes) AS bytes,
       sum(result_bytes)::BIGINT - count(DISTINCT session_id) * max(result_bytes) AS repeated_bytes,
       arg_max(session_id, n) AS session_id
FROM (
    SELECT *, count(*) OVER (PARTITION BY session_id, tool_name, args_hash, result_hash) AS n
    FROM tool_calls SEMI JOIN wanted USING (session_id)
    WHERE effect = 'read' AND args_hash IS NOT NULL AND result_hash IS NOT NULL
      AND ($since::TIMESTAMP IS NULL OR started_at >= $since::TIMESTAMP)
      AND ($until::TIMESTAMP IS NULL OR started_at < $until::TIMESTAMP)
)
WHERE n > 1
GROUP BY tool_name, args_hash
ORDER BY repeated_bytes DESC NULLS LAST, times DESC, args_hash
LIMIT $top::BIGINT;
