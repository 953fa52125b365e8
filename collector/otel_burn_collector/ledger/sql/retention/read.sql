-- How far is retention, and how far is it to go?
SELECT layer, epoch_ns(max(wanted_before)) AS wanted, epoch_ns(max(purged_before)) AS purged FROM store.retention GROUP BY layer;
