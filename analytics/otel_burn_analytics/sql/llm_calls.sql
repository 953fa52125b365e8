-- The calls of some partitions, as detectors read them.
SELECT * EXCLUDE (cost_lines, sources)
FROM llm_calls
WHERE started_at BETWEEN $from::TIMESTAMP_NS AND $to::TIMESTAMP_NS
  AND CASE $partition::VARCHAR
          WHEN 'session' THEN session_id
          WHEN 'tree' THEN coalesce(run_id, trace_id)
          WHEN 'agent' THEN agent
      END IN (SELECT unnest($keys::VARCHAR[]));
