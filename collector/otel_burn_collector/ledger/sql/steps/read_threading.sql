-- The calls to be threaded, in the order of their start.
SELECT group_key, call_id, epoch_ns(started_at) AS started, opening, blocks, parts, answer
FROM threading
ORDER BY group_key, started_at, call_id;
