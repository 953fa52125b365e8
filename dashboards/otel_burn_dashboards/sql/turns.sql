-- The turns of a session.
SELECT * EXCLUDE (sent),
       -- What an earlier turn had sent, and no cache served. least() of a NULL is the other one.
       CASE WHEN sent IS NOT NULL AND input_tokens IS NOT NULL
            THEN greatest(0, least(input_tokens, sent) - coalesce(cache_read_tokens, 0)) END AS missed_tokens
FROM (
    SELECT turn, call_id, started_at, duration_ms, agent, agent_id, coalesce(response_model, request_model) AS model, status,
           error_type, http_status, attempts, finish_reason, input_tokens, uncached_input_tokens, cache_read_tokens,
           cache_write_tokens, output_tokens, reasoning_tokens, usage_status, cost_usd, cost_status, trace_id, span_id,
           lag(input_tokens + coalesce(output_tokens, 0)) OVER before AS sent,
           input_tokens < 0.6 * lag(input_tokens) OVER before AS shrunk
    FROM llm_calls
    WHERE session_id = $session::VARCHAR AND started_at BETWEEN $from::TIMESTAMP_NS AND $to::TIMESTAMP_NS
    WINDOW before AS (PARTITION BY agent_id ORDER BY turn)
)
ORDER BY turn;
