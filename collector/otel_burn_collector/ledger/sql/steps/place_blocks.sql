-- Which node of the tree is each listed block, and which are new?
CREATE OR REPLACE TEMP TABLE placed_blocks AS
SELECT *, coalesce(lag(node_key) OVER (PARTITION BY report_id ORDER BY position), start_key) AS parent_key
FROM (
    SELECT own_blocks.*, start_key,
           ((own_sum::HUGEINT + start_key::HUGEINT) % 18446744073709551616::HUGEINT)::UBIGINT AS node_key,
           own_upto + start_bytes AS upto
    FROM own_blocks JOIN starts USING (report_id)
);

-- A node that was listed more than a week ago is stored again.
CREATE OR REPLACE TEMP TABLE found_nodes AS
SELECT node_key, min(branch) AS branch, arg_min(position, branch) AS position
FROM (
    SELECT node_key, branch, position FROM store.blocks
    WHERE listed_at BETWEEN getvariable('near_from') AND getvariable('near_to')
)
SEMI JOIN (SELECT node_key FROM placed_blocks UNION SELECT start_key FROM starts) USING (node_key)
GROUP BY node_key;

CREATE OR REPLACE TEMP TABLE new_nodes AS
SELECT DISTINCT ON (node_key) *
FROM placed_blocks
ANTI JOIN found_nodes USING (node_key)
ORDER BY node_key, tool_name IS NULL, sketch IS NULL, report_id;
