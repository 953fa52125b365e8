-- How many reports wait for their calls to be derived?
SELECT count(*) AS waiting FROM store.pending;
