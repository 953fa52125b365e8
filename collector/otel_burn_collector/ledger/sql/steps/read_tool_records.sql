-- The new log records that say that a tool ran.
SELECT coalesce(scope_name, '') AS scope_name, coalesce("at", TIMESTAMP_NS '1970-01-01') AS ended_at, attributes
FROM batch_tool_records SEMI JOIN new_logs USING ("row")
ORDER BY log_id;
