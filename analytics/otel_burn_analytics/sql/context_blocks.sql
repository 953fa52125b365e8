-- The context blocks of some partitions, as detectors read them.
WITH chosen AS (
    SELECT call_id, session_id
    FROM llm_calls
    WHERE started_at BETWEEN $from::TIMESTAMP_NS AND $to::TIMESTAMP_NS
      AND CASE $partition::VARCHAR
              WHEN 'session' THEN session_id
              WHEN 'tree' THEN coalesce(run_id, trace_id)
              WHEN 'agent' THEN agent
          END IN (SELECT unnest($keys::VARCHAR[]))
),
-- Some formats name a result's tool only by the id of the call.
names AS (
    SELECT session_id, tool_call_id, any_value(tool_name) AS tool_name
    FROM (SELECT * FROM tool_calls WHERE started_at BETWEEN $from::TIMESTAMP_NS AND $to::TIMESTAMP_NS)
    SEMI JOIN chosen USING (session_id)
    WHERE tool_call_id IS NOT NULL
    GROUP BY ALL
)
SELECT block.* REPLACE (coalesce(block.tool_name, names.tool_name) AS tool_name)
FROM (SELECT * FROM context_blocks WHERE session_id IN (SELECT session_id FROM chosen)) AS block
SEMI JOIN chosen ON chosen.call_id = block.call_id
LEFT JOIN names ON names.session_id = block.session_id AND names.tool_call_id = block.tool_call_id;
