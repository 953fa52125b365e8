-- What can this batch touch? Rows whose spans began within a week of its own: a root span that ends after days still
-- meets the calls below it, and look-ups scan a week of narrow columns, not the whole history. A variable is a
-- constant to the planner, so zone maps prune by it; a scalar subquery is none.
SET VARIABLE batch_from = (
    SELECT min(start) FROM (SELECT min(coalesce(started_at, ended_at, TIMESTAMP_NS '1970-01-01')) AS start FROM batch_spans
                            UNION ALL SELECT min(coalesce("at", TIMESTAMP_NS '1970-01-01')) FROM batch_logs)
);
SET VARIABLE batch_to = (
    SELECT max(start) FROM (SELECT max(coalesce(started_at, ended_at, TIMESTAMP_NS '1970-01-01')) AS start FROM batch_spans
                            UNION ALL SELECT max(coalesce("at", TIMESTAMP_NS '1970-01-01')) FROM batch_logs)
);
SET VARIABLE near_from = least(getvariable('batch_from'), TIMESTAMP_NS '2250-01-01') - INTERVAL 7 DAY;
SET VARIABLE near_to = least(getvariable('batch_to'), TIMESTAMP_NS '2250-01-01') + INTERVAL 7 DAY;
SET VARIABLE everything = false;

-- What is older was purged, or was never there: see ledger/retention.py. NULL as long as nothing was.
SET VARIABLE purged_spans = (SELECT max(purged_before) FROM store.retention WHERE layer = 'spans');
SET VARIABLE purged_calls = (SELECT max(coalesce(purged_before, wanted_before)) FROM store.retention WHERE layer = 'calls');
