-- How much a call asked its model to think, where its own span says so.
SELECT call.call_id, span.attributes['gen_ai.request.reasoning.level'] AS reasoning_level
FROM (
    SELECT call_id, trace_id, span_id
    FROM llm_calls
    WHERE started_at BETWEEN $from::TIMESTAMP_NS AND $to::TIMESTAMP_NS AND span_id IS NOT NULL
      AND CASE $partition::VARCHAR
              WHEN 'session' THEN session_id
              WHEN 'tree' THEN coalesce(run_id, trace_id)
              WHEN 'agent' THEN agent
          END IN (SELECT unnest($keys::VARCHAR[]))
) AS call
JOIN (
    SELECT trace_id, span_id, attributes
    FROM spans
    WHERE started_at BETWEEN $from::TIMESTAMP_NS AND $to::TIMESTAMP_NS
) AS span USING (trace_id, span_id)
WHERE reasoning_level IS NOT NULL;
