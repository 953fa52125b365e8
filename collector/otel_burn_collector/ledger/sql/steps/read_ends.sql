-- The calls before them whose contexts end in the same branches: the last ones, as many as are looked at.
WITH reached AS (
    SELECT group_key, part.branch AS branch, min(part."last") AS lowest, max(part."last") AS highest
    FROM (SELECT group_key, unnest(parts) AS part FROM threading)
    GROUP BY ALL
)
SELECT before.group_key, call_id, epoch_ns(started_at) AS started, opening, blocks, parts, answer, thread_id, continued
FROM (SELECT *, parts[-1].branch AS branch, parts[-1]."last" AS position FROM threaded_before) AS before
JOIN reached ON reached.group_key = before.group_key AND reached.branch = before.branch AND position <= highest
QUALIFY position > lowest OR row_number() OVER (
    PARTITION BY before.group_key, before.branch, position > lowest ORDER BY position DESC, started_at DESC, call_id DESC
) <= 32
ORDER BY started_at, call_id;
