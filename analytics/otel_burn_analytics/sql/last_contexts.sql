-- The context of the last call of each session in some partitions: the whole conversation as the model saw it last.
-- Of its branches as they are stored: by way of the view `context_blocks`, every context of the ledger is unfolded.
WITH newest AS (
    SELECT session_id, arg_max({call_id: call_id, parts: context_parts}, (started_at, call_id)) AS call
    FROM store.calls
    WHERE started_at BETWEEN $from::TIMESTAMP_NS AND $to::TIMESTAMP_NS
      AND context_status IS NOT NULL
      AND CASE $partition::VARCHAR
              WHEN 'session' THEN session_id
              WHEN 'tree' THEN coalesce(run_id, trace_id)
              WHEN 'agent' THEN agent
          END IN (SELECT unnest($keys::VARCHAR[]))
    GROUP BY session_id
),
part AS (
    SELECT call.call_id AS call_id, session_id, unnest(call.parts) AS part FROM newest
),
-- Whole branches would be compared with every call that shares a beginning of theirs.
bucket AS (
    SELECT *, part.branch AS branch, unnest(range(part."first" >> 6, (part."last" >> 6) + 1)) AS bucket FROM part
)
SELECT bucket.call_id, bucket.session_id, block.position, block.kind, block.hash, block.bytes
FROM bucket
JOIN store.blocks AS block
  ON block.branch = bucket.branch AND block.position >> 6 = bucket.bucket
 AND block.position BETWEEN bucket.part."first" AND bucket.part."last";
