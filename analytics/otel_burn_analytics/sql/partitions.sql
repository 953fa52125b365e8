-- What has to be judged as a whole, of everything with calls in scope? The oldest first, so that a chunk of them lies
-- close together in time. `state` changes with any call, price, context or tool result of a partition.
WITH keyed AS (
    SELECT call_id, session_id, run_id, started_at,
           CASE $partition::VARCHAR
               WHEN 'session' THEN session_id
               WHEN 'tree' THEN coalesce(run_id, trace_id)
               WHEN 'agent' THEN agent
           END AS key
    FROM llm_calls
),
wanted AS (
    SELECT DISTINCT key
    FROM keyed
    WHERE key IS NOT NULL
      AND ($run::VARCHAR IS NULL OR run_id = $run::VARCHAR)
      AND ($since::TIMESTAMP IS NULL OR started_at >= $since::TIMESTAMP)
      AND ($session::VARCHAR IS NULL OR session_id = $session::VARCHAR)
),
chosen AS (
    SELECT call_id, key FROM keyed SEMI JOIN wanted USING (key)
),
tools AS (
    SELECT call_id, bit_xor(hash(tool)) AS state
    FROM tool_calls AS tool SEMI JOIN chosen USING (call_id)
    GROUP BY call_id
)
SELECT chosen.key, count(*) AS calls, min(call.started_at) AS started_at, max(call.started_at) AS ended_at,
       -- Of both together: a result that moves from one call to another has to show.
       bit_xor(hash(hash(call), tools.state))::VARCHAR AS state
FROM chosen
JOIN llm_calls AS call USING (call_id)
LEFT JOIN tools USING (call_id)
GROUP BY chosen.key
ORDER BY started_at, key;
