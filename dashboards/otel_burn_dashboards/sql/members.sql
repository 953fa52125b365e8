-- Which turns are part of a finding, and what did they cost?
SELECT call.call_id, session_id, turn, started_at, coalesce(response_model, request_model) AS model, input_tokens,
       output_tokens, cost_usd, status
FROM llm_calls AS call
WHERE list_contains($calls::VARCHAR[], call.call_id)
  AND started_at BETWEEN $from::TIMESTAMP_NS AND $to::TIMESTAMP_NS
ORDER BY started_at, call.call_id
LIMIT $top::BIGINT;
