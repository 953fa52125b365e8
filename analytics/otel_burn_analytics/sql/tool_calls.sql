-- The tool calls of some partitions, as detectors read them.
WITH chosen AS (
    SELECT call_id
    FROM llm_calls
    WHERE started_at BETWEEN $from::TIMESTAMP_NS AND $to::TIMESTAMP_NS
      AND CASE $partition::VARCHAR
              WHEN 'session' THEN session_id
              WHEN 'tree' THEN coalesce(run_id, trace_id)
              WHEN 'agent' THEN agent
          END IN (SELECT unnest($keys::VARCHAR[]))
)
SELECT tool.*
FROM (SELECT * FROM tool_calls WHERE started_at BETWEEN $from::TIMESTAMP_NS AND $to::TIMESTAMP_NS) AS tool
SEMI JOIN chosen USING (call_id);
