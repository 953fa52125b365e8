-- The new nodes from the root on, each with the branch that ends where it goes on.
SELECT node.node_key, parent_key, tip.branch
FROM new_nodes AS node
LEFT JOIN (
    SELECT found_nodes.node_key, found_nodes.branch
    FROM found_nodes
    JOIN (SELECT branch, max(position) AS last FROM store.blocks
          SEMI JOIN (SELECT branch FROM found_nodes JOIN new_nodes ON found_nodes.node_key = new_nodes.parent_key) USING (branch)
          GROUP BY branch) AS branch
      ON branch.branch = found_nodes.branch AND branch.last = found_nodes.position
) AS tip ON tip.node_key = node.parent_key
ORDER BY node.position, node.node_key;
