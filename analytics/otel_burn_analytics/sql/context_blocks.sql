-- The context blocks of some sessions, as detectors read them.
SELECT call_id, position, kind, tool_name, tokens, cost_usd, hash
FROM context_blocks
WHERE session_id IN (SELECT unnest($sessions::VARCHAR[]));
