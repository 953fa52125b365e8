-- The new nodes and lists. A tool result that names no tool has that of the tool call before it with its id.
CREATE OR REPLACE TEMP TABLE told_results AS
WITH result AS (
    SELECT node_key, position, tool_call_id, report_id FROM new_nodes
    WHERE kind = 'tool_result' AND tool_call_id IS NOT NULL
), part AS (
    SELECT report_id, unnest(parts, recursive := true)
    FROM paths SEMI JOIN result USING (report_id)
), named AS (
    SELECT branch, position, kind, tool_name, tool_call_id
    FROM (SELECT branch, position, kind, tool_name, tool_call_id FROM store.blocks WHERE tool_call_id IS NOT NULL)
    SEMI JOIN part USING (branch)
    UNION ALL
    SELECT branch, position, kind, tool_name, tool_call_id
    FROM new_nodes JOIN branched USING (node_key) WHERE tool_call_id IS NOT NULL
)
SELECT result.node_key, arg_max(named.tool_name, named.position) FILTER (named.kind = 'tool_call') AS tool_name,
       count(*) FILTER (named.kind = 'tool_result') + 1 AS occurrence
FROM result
JOIN part ON part.report_id = result.report_id
JOIN named ON named.branch = part.branch AND named.tool_call_id = result.tool_call_id
          AND named.position BETWEEN part."first" AND part."last" AND named.position < result.position
GROUP BY result.node_key;

INSERT INTO store.blocks BY NAME
SELECT branch, position, node_key, listed_at, kind, hash, bytes, upto,
       coalesce(new_nodes.tool_name, told_results.tool_name) AS tool_name, tool_call_id, error_class, sketch,
       CASE WHEN kind = 'tool_result' AND tool_call_id IS NOT NULL THEN coalesce(occurrence, 1) END AS occurrence
FROM new_nodes
JOIN branched USING (node_key)
LEFT JOIN told_results USING (node_key)
ORDER BY branch, position;

DELETE FROM store.waiting WHERE report_id IN (SELECT report_id FROM unblocked);
DELETE FROM store.lists WHERE report_id IN (SELECT report_id FROM unblocked);
INSERT INTO store.waiting BY NAME
SELECT listings.* FROM listings SEMI JOIN (SELECT report_id FROM paths WHERE missing > 0) USING (report_id);
INSERT INTO store.lists BY NAME
SELECT unit, started_at, chain_key, paths.* FROM listings JOIN paths USING (report_id);
