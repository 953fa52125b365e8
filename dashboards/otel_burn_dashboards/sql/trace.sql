-- The spans of a trace, each with what its own LLM call burned; a call of which no span was received (a log record or a
-- session log told it, or retention has purged its span) stands for itself.
WITH received AS (
    SELECT * FROM spans WHERE trace_id = $trace::VARCHAR
), mine AS (
    SELECT *, coalesce(input_tokens, 0) + coalesce(output_tokens, 0) AS tokens FROM llm_calls WHERE trace_id = $trace::VARCHAR
), call AS (
    SELECT span_id, sum(cost_usd)::DOUBLE AS usd, any_value(session_id) AS session_id, any_value(turn) AS turn,
           sum(tokens)::BIGINT AS tokens
    FROM mine
    GROUP BY span_id
), told AS (
    SELECT span_id, parent_span_id, name, status = 'ERROR' AS failed, epoch_ns(started_at) AS began, epoch_ns(ended_at) AS ended,
           service_name AS service, attributes['gen_ai.operation.name'] AS operation, call.usd, call.tokens, call.session_id,
           call.turn, call.span_id IS NOT NULL AS is_call
    FROM received LEFT JOIN call USING (span_id)
    UNION ALL
    SELECT call_id, parent_span_id, coalesce(operation, 'chat') || ' ' || coalesce(response_model, request_model, 'unknown model'),
           status = 'error', epoch_ns(started_at), epoch_ns(started_at) + (coalesce(duration_ms, 0) * 1e6)::BIGINT,
           service_name, operation, cost_usd::DOUBLE, tokens::BIGINT, session_id, turn, true
    FROM mine
    WHERE NOT EXISTS (FROM received WHERE received.span_id = mine.span_id)
)
SELECT *, count(*) OVER () AS whole
FROM told
ORDER BY is_call DESC, ended - began DESC
LIMIT $top::BIGINT;
