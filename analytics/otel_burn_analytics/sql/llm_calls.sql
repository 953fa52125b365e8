-- The calls of some sessions, as detectors read them.
SELECT call_id, session_id, agent, agent_id, work_id, trace_id, span_id, started_at,
       input_tokens, output_tokens, cost_usd
FROM llm_calls
WHERE session_id IN (SELECT unnest($sessions::VARCHAR[]));
