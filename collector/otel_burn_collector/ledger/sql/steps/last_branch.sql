-- The number of the branch that was begun last.
SELECT coalesce(max(branch), 0) AS branch FROM store.blocks;
