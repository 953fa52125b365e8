-- The tool calls of some sessions, as detectors read them.
SELECT call_id, session_id, agent_id, turn, seq, effect, tool_call_id, tool_name, args_hash, result_hash,
       result_bytes, error_class, started_at
FROM tool_calls
WHERE session_id IN (SELECT unnest($sessions::VARCHAR[]));
