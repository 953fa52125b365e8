-- The contexts of some partitions' calls as paths: blocks of a branch, then of the branch that leaves there, and so on.
-- Of a partial context the beginning is unknown, and with it every share: it is left out.
SELECT call_id, part.branch, part."first", part."last"
FROM (
    SELECT call_id, unnest(context_parts) AS part
    FROM store.calls
    WHERE started_at BETWEEN $from::TIMESTAMP_NS AND $to::TIMESTAMP_NS AND context_status = 'full'
      AND CASE $partition::VARCHAR
              WHEN 'session' THEN session_id
              WHEN 'tree' THEN coalesce(run_id, trace_id)
              WHEN 'agent' THEN agent
          END IN (SELECT unnest($keys::VARCHAR[]))
);
