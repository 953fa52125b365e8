-- The calls that the merged ones take the place of.
DELETE FROM store.calls
WHERE started_at >= getvariable('sessions_from') AND call_key IN (SELECT call_key FROM old_calls);
DELETE FROM store.attempts
WHERE started_at >= getvariable('sessions_from') AND call_key IN (SELECT call_key FROM old_calls);
