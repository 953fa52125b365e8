-- The touched reports, as otel_burn_collector.ledger.joining wants them.
SELECT report_id, emitter, logical_call, response_id, above, epoch_ns(started_at) AS started,
       coalesce(epoch_ns(ended_at), epoch_ns(started_at)) AS ended,
       dialect, session_id, request_model, input_tokens, output_tokens,
       signal = 'log' AND coalesce(above = trace_id || ':' || span_id, false) AS inside,
       CASE WHEN signal = 'span' THEN trace_id || ':' || parent_span_id END AS parent,
       input_tokens IS NULL AND output_tokens IS NULL AND response_id IS NULL AND request_id IS NULL
           AND NOT wire AS hollow,
       is_error AS failed
FROM resolved
ORDER BY report_id;
