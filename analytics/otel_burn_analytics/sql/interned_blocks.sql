-- The blocks of some partitions' contexts, once for all contexts that begin alike.
WITH part AS (
    SELECT session_id, unnest(context_parts) AS part
    FROM store.calls
    WHERE started_at BETWEEN $from::TIMESTAMP_NS AND $to::TIMESTAMP_NS AND context_status = 'full'
      AND CASE $partition::VARCHAR
              WHEN 'session' THEN session_id
              WHEN 'tree' THEN coalesce(run_id, trace_id)
              WHEN 'agent' THEN agent
          END IN (SELECT unnest($keys::VARCHAR[]))
),
wanted AS (
    SELECT part.branch AS branch, max(part."last") AS longest FROM part GROUP BY ALL
),
-- Some formats name a result's tool only by the id of the call.
names AS (
    SELECT tool_call_id, any_value(tool_name) AS tool_name
    FROM (SELECT * FROM tool_calls WHERE started_at BETWEEN $from::TIMESTAMP_NS AND $to::TIMESTAMP_NS)
    SEMI JOIN part USING (session_id)
    WHERE tool_call_id IS NOT NULL
    GROUP BY ALL
)
SELECT block.branch, block.position, block.kind, block.hash, block.bytes, block.upto,
       coalesce(block.tool_name, names.tool_name) AS tool_name, block.tool_call_id
FROM store.blocks AS block
JOIN wanted ON block.branch = wanted.branch AND block.position <= wanted.longest
LEFT JOIN names ON names.tool_call_id = block.tool_call_id;
