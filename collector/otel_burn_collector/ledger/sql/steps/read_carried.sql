-- The latest call whose answer each of these carries in its context, though not behind the same beginning: its context
-- was cut, edited or summed up. Only calls that had ended, and began with the same block.
WITH part AS (
    SELECT group_key, call_id, started_at, parts[1].branch AS root, unnest(parts) AS part
    FROM threading SEMI JOIN uncertain USING (call_id)
), bucket AS (
    SELECT *, part.branch AS branch, unnest(range(part."first" >> 6, (part."last" >> 6) + 1)) AS bucket FROM part
), carried AS (
    SELECT DISTINCT group_key, call_id, started_at, root, md5_number_lower(block.kind || '|' || block.hash) AS key
    FROM bucket
    JOIN (SELECT branch, position, kind, hash FROM store.blocks WHERE kind IN ('assistant', 'tool_call') AND bytes >= 32) AS block
      ON block.branch = bucket.branch AND block.position >> 6 = bucket.bucket
     AND block.position BETWEEN bucket.part."first" AND bucket.part."last"
), told AS (
    SELECT group_key, call_id, started_at, ended_at, parts[1].branch AS root, NULL AS thread_id, false AS continued,
           unnest(telling) AS key
    FROM threading
    UNION ALL
    SELECT group_key, call_id, started_at, ended_at, parts[1].branch, thread_id, continued, unnest(telling)
    FROM threaded_before
)
SELECT carried.call_id,
       arg_max({call_id: told.call_id, thread_id: told.thread_id, continued: told.continued},
               (told.started_at, told.call_id)) AS told
FROM carried
JOIN told ON told.group_key = carried.group_key AND told.key = carried.key AND told.root = carried.root
         AND told.ended_at <= carried.started_at AND told.call_id <> carried.call_id
         AND (told.started_at, told.call_id) < (carried.started_at, carried.call_id)
GROUP BY carried.call_id;
