-- The new log records that say that a tool ran.
SELECT coalesce(scope_name, '') AS scope_name, coalesce(logged_at, TIMESTAMP_NS '1970-01-01') AS ended_at, attributes
FROM new_logs
WHERE regexp_full_match(coalesce(attributes['event.name'], event_name, ''), '((claude_code|codex)\.)?tool_result')
ORDER BY log_id;
