-- The LLM call that a span reports, or that stands for itself in a trace.
SELECT session_id, turn, coalesce(response_model, request_model) AS model, input_tokens, cache_read_tokens, output_tokens,
       reasoning_tokens, cost_usd, cost_status, duration_ms, finish_reason
FROM llm_calls
WHERE trace_id = $trace::VARCHAR AND (span_id = $span::VARCHAR OR call_id = $span::VARCHAR);
