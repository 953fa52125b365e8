-- One span in full.
SELECT span_id, parent_span_id, name, kind, started_at, ended_at, status, status_message, service_name, scope_name, scope_version,
       map_entries(attributes) AS attributes
FROM spans
WHERE trace_id = $trace::VARCHAR AND span_id = $span::VARCHAR
LIMIT 1;
