-- What did each tool burn? How often it was asked for, and what its results cost as input of the calls that read them.
WITH scope AS (
    SELECT call_id
    FROM llm_calls
    WHERE ($run::VARCHAR IS NULL OR run_id = $run::VARCHAR)
      AND ($since::TIMESTAMP IS NULL OR started_at >= $since::TIMESTAMP)
),
asked AS (
    SELECT tool_name AS name, count(*) AS calls, count(error_class) AS failed
    FROM tool_calls SEMI JOIN scope USING (call_id)
    GROUP BY ALL
),
-- Some formats name a result's tool only by the id of the call.
names AS (
    SELECT session_id, tool_call_id, any_value(tool_name) AS tool_name
    FROM tool_calls
    WHERE tool_call_id IS NOT NULL
    GROUP BY ALL
),
carried AS (
    SELECT coalesce(block.tool_name, names.tool_name) AS name,
           sum(block.tokens)::BIGINT AS input_tokens,
           sum(block.cost_usd) AS cost_usd,
           count(*) FILTER (block.cost_usd IS NULL) AS unpriced_calls
    FROM (SELECT * FROM context_blocks SEMI JOIN scope USING (call_id) WHERE kind = 'tool_result') AS block
    LEFT JOIN names ON names.session_id = block.session_id AND names.tool_call_id = block.tool_call_id
    GROUP BY ALL
)
SELECT coalesce(asked.name, carried.name) AS name,
       coalesce(calls, 0) AS calls,
       coalesce(failed, 0) AS failed,
       input_tokens,
       NULL::BIGINT AS cache_read_tokens,
       NULL::BIGINT AS output_tokens,
       cost_usd,
       coalesce(unpriced_calls, 0) AS unpriced_calls,
       count(*) OVER () AS groups
FROM asked
FULL JOIN carried ON asked.name IS NOT DISTINCT FROM carried.name
ORDER BY cost_usd DESC NULLS LAST, input_tokens DESC NULLS LAST, calls DESC, name
LIMIT $top::BIGINT;
