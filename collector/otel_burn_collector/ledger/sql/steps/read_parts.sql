-- The parts of the tree that each list's own blocks are.
WITH node AS (
    SELECT node_key, branch FROM found_nodes UNION ALL SELECT node_key, branch FROM branched
), stretch AS (
    SELECT report_id, branch, position,
           position - row_number() OVER (PARTITION BY report_id, branch ORDER BY position) AS island
    FROM placed_blocks JOIN node USING (node_key)
)
SELECT report_id, branch, min(position) AS "first", max(position) AS "last"
FROM stretch
GROUP BY report_id, branch, island
ORDER BY report_id, "first";
