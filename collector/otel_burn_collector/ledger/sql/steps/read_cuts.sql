-- The key and the bytes at the places within known lists where new ones may go on.
WITH cut AS (
    SELECT base.chain_key, position, part
    FROM (SELECT chain_key, blocks, missing, unnest(parts) AS part FROM bases) AS base
    JOIN (SELECT DISTINCT base_blocks AS position FROM listings) AS wanted
      ON position BETWEEN greatest(missing, part.first) AND part.last AND position < base.blocks
)
SELECT cut.chain_key, cut.position, block.node_key, block.upto AS bytes
FROM cut
JOIN (SELECT branch, position, node_key, upto FROM store.blocks) AS block
  ON block.branch = cut.part.branch AND block.position = cut.position;
