-- Where exactly, turn by turn, did a session burn?
-- Of --param session=ID; the most expensive session when none is named.
SELECT turn, started_at, coalesce(response_model, request_model) AS model, status, input_tokens, cache_read_tokens,
       output_tokens, reasoning_tokens, cost_usd AS usd, call_id
FROM llm_calls
WHERE session_id = coalesce($session::VARCHAR, (SELECT arg_max(session_id, coalesce(cost_usd, 0)) FROM sessions))
ORDER BY turn;
