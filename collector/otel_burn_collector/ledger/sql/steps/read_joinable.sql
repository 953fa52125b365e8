-- The touched reports, as otel_burn_collector.ledger.joining wants them.
SELECT report_id, emitter, logical_call, response_id, above, epoch_ns(started_at) AS started,
       coalesce(epoch_ns(ended_at), epoch_ns(started_at)) AS ended,
       dialect, session_id, request_model, input_tokens, output_tokens
FROM resolved
ORDER BY report_id;
