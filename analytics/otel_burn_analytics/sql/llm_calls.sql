-- The calls of some partitions, as detectors read them: the view's columns, and how the bill and the context lie.
SELECT * EXCLUDE (call_key, session_key, sources, cost_lines, input_pico, context_parts),
       -- Of the bill, by stretch of the prompt: what the cache served, what it stored, the rest.
       input_pico.read::DOUBLE / 1e12 AS read_usd,
       input_pico.write::DOUBLE / 1e12 AS write_usd,
       input_pico.rest::DOUBLE / 1e12 AS rest_usd
FROM store.calls
WHERE started_at BETWEEN $from::TIMESTAMP_NS AND $to::TIMESTAMP_NS
  AND CASE $partition::VARCHAR
          WHEN 'session' THEN session_id
          WHEN 'tree' THEN coalesce(run_id, trace_id)
          WHEN 'agent' THEN agent
      END IN (SELECT unnest($keys::VARCHAR[]));
