-- The spans of a trace, each with what its own LLM call burned.
WITH call AS (
    SELECT span_id, sum(cost_usd)::DOUBLE AS usd, any_value(session_id) AS session_id, any_value(turn) AS turn,
           sum(coalesce(input_tokens, 0) + coalesce(output_tokens, 0))::BIGINT AS tokens
    FROM llm_calls
    WHERE trace_id = $trace::VARCHAR
    GROUP BY span_id
)
SELECT span_id, parent_span_id, name, status = 'ERROR' AS failed, epoch_ns(started_at) AS began, epoch_ns(ended_at) AS ended,
       service_name AS service, attributes['gen_ai.operation.name'] AS operation, call.usd, call.tokens, call.session_id, call.turn,
       call.span_id IS NOT NULL AS is_call, count(*) OVER () AS whole
FROM (SELECT * FROM spans WHERE trace_id = $trace::VARCHAR) AS span
LEFT JOIN call USING (span_id)
ORDER BY is_call DESC, epoch_ns(ended_at) - epoch_ns(started_at) DESC
LIMIT $top::BIGINT;
