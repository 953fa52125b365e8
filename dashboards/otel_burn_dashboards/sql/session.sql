-- One session.
SELECT session_id, session_source, parent_session_id, run_id, agent, project, work_id, started_at, ended_at, calls,
       input_tokens, uncached_input_tokens, cache_read_tokens, cache_write_tokens, output_tokens, reasoning_tokens,
       cost_usd, unpriced_calls
FROM sessions
WHERE session_id = $session::VARCHAR;
