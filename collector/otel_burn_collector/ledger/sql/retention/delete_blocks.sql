-- Branches that no context goes through any more.
DELETE FROM store.blocks WHERE branch NOT IN (
    SELECT part.branch FROM (
        SELECT unnest(context_parts) AS part FROM store.calls
        UNION ALL SELECT unnest(parts) FROM store.lists
        UNION ALL SELECT unnest(parts) FROM store.threads
    )
);
