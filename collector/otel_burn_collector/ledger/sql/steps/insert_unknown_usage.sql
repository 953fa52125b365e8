-- What new spans and log records say of usage in names that no dialect reads.
INSERT INTO store.unknown_usage BY NAME
SELECT said.key AS attribute, scope_name, scope_version, count(*) AS spans, max(seen_at) AS last_at,
       left(arg_max(said.value, seen_at), 64) AS example
FROM batch_unknown AS said
JOIN (
    SELECT "row", scope_name, scope_version, started_at AS seen_at FROM new_spans
    UNION ALL
    SELECT "row", scope_name, scope_version, logged_at FROM new_logs
) AS told USING ("row")
GROUP BY ALL;
