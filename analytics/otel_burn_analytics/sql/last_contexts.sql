-- The context of the last call of each session in some partitions: the whole conversation as the model saw it last.
WITH chosen AS (
    SELECT call_id, session_id, started_at
    FROM llm_calls
    WHERE started_at BETWEEN $from::TIMESTAMP_NS AND $to::TIMESTAMP_NS
      AND context_status IS NOT NULL
      AND CASE $partition::VARCHAR
              WHEN 'session' THEN session_id
              WHEN 'tree' THEN coalesce(run_id, trace_id)
              WHEN 'agent' THEN agent
          END IN (SELECT unnest($keys::VARCHAR[]))
),
newest AS (
    SELECT arg_max(call_id, (started_at, call_id)) AS call_id FROM chosen GROUP BY session_id
)
SELECT block.call_id, block.session_id, block.position, block.kind, block.hash, block.bytes, block.first_seen_call_id
FROM (SELECT * FROM context_blocks WHERE call_id IN (SELECT call_id FROM newest)) AS block;
