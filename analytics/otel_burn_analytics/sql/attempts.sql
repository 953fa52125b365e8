-- The HTTP attempts of some partitions' calls, as detectors read them.
SELECT attempt.*
FROM attempts AS attempt
SEMI JOIN (
    SELECT call_id
    FROM llm_calls
    WHERE started_at BETWEEN $from::TIMESTAMP_NS AND $to::TIMESTAMP_NS
      AND CASE $partition::VARCHAR
              WHEN 'session' THEN session_id
              WHEN 'tree' THEN coalesce(run_id, trace_id)
              WHEN 'agent' THEN agent
          END IN (SELECT unnest($keys::VARCHAR[]))
) USING (call_id);
