-- Whose reports wait for their calls to be derived?
SELECT DISTINCT unit FROM store.pending ORDER BY unit;
