-- The turns of a session.
SELECT turn, call_id, started_at, duration_ms, coalesce(response_model, request_model) AS model, status, error_type,
       http_status, attempts, finish_reason, input_tokens, uncached_input_tokens, cache_read_tokens,
       cache_write_tokens, output_tokens, reasoning_tokens, usage_status, cost_usd, cost_status
FROM llm_calls
WHERE session_id = $session::VARCHAR
ORDER BY turn;
