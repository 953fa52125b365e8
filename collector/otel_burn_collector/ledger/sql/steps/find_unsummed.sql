-- Has a database of an older version calls, but not their quarters?
SELECT 1 WHERE EXISTS (SELECT 1 FROM store.sessions) AND NOT EXISTS (SELECT 1 FROM store.quarters);
