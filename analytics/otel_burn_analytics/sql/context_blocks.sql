-- The context blocks of some sessions, as detectors read them.
WITH wanted AS (
    SELECT unnest($sessions::VARCHAR[]) AS session_id
),
-- Some formats name a result's tool only by the id of the call.
names AS (
    SELECT session_id, tool_call_id, any_value(tool_name) AS tool_name
    FROM tool_calls SEMI JOIN wanted USING (session_id)
    WHERE tool_call_id IS NOT NULL
    GROUP BY ALL
)
SELECT block.call_id, block.position, block.kind, coalesce(block.tool_name, names.tool_name) AS tool_name,
       block.tokens, block.cost_usd, block.hash
FROM (SELECT * FROM context_blocks WHERE session_id IN (FROM wanted)) AS block
LEFT JOIN names ON names.session_id = block.session_id AND names.tool_call_id = block.tool_call_id;
