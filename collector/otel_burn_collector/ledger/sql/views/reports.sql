-- What was reported, and which call it belongs to: the evidence behind each row of llm_calls.
CREATE OR REPLACE VIEW reports AS
SELECT report.report_id, identity.call_id, identity.joined_by, report.source, report.dialect, report.rank, report.signal,
       report.trace_id, report.span_id, report.parent_span_id, report.started_at, report.ended_at, report.service_name,
       report.session_id, report.agent, report.provider, report.request_model, report.response_model, report.response_id,
       report.request_id, report.is_error, report.error_type, report.http_status, report.finish_reason, report.attempt,
       report.input_tokens, report.cache_read_tokens, report.cache_write_tokens, report.output_tokens,
       report.reasoning_tokens, report.usage_status, report.reported_usd, said.corrections
FROM store.reports AS report
LEFT JOIN store.identities AS identity ON identity.unit = report.unit AND identity.report_id = report.report_id
LEFT JOIN (
    SELECT unit, report_id, list(DISTINCT correction ORDER BY correction) AS corrections FROM store.corrections GROUP BY unit, report_id
) AS said ON said.unit = report.unit AND said.report_id = report.report_id;
COMMENT ON VIEW reports IS 'A report of a call, by a span or a log record: several may be one call (`otel-burn explain`)';
COMMENT ON COLUMN reports.report_id IS 'Trace and span id, or the log record''s id';
COMMENT ON COLUMN reports.call_id IS 'The call that it reports; NULL for one that sums up several calls';
COMMENT ON COLUMN reports.joined_by IS 'Why it is the same call as the others; NULL for a report that stands alone, or came first';
COMMENT ON COLUMN reports.source IS 'Who reported, as scope@version';
COMMENT ON COLUMN reports.dialect IS 'How it was read';
COMMENT ON COLUMN reports.rank IS 'Whose word counts first, the lowest: 0 the wire, 10 the SDK, 20 the agent, 30 others';
COMMENT ON COLUMN reports.signal IS 'span or log';
COMMENT ON COLUMN reports.trace_id IS 'Where it was reported; NULL for a log record outside of any trace';
COMMENT ON COLUMN reports.span_id IS 'The span itself, or the span that the log record belongs to';
COMMENT ON COLUMN reports.parent_span_id IS 'What the span ran in';
COMMENT ON COLUMN reports.started_at IS 'UTC';
COMMENT ON COLUMN reports.ended_at IS 'UTC';
COMMENT ON COLUMN reports.service_name IS '`service.name` of the program';
COMMENT ON COLUMN reports.session_id IS 'As it says itself';
COMMENT ON COLUMN reports.agent IS 'As it says itself';
COMMENT ON COLUMN reports.provider IS 'Who bills, by one name for each';
COMMENT ON COLUMN reports.request_model IS 'The model that was asked for';
COMMENT ON COLUMN reports.response_model IS 'The model that answered';
COMMENT ON COLUMN reports.response_id IS 'The provider''s id of the response';
COMMENT ON COLUMN reports.request_id IS 'The provider''s id of the request';
COMMENT ON COLUMN reports.is_error IS 'Whether it says that the call failed';
COMMENT ON COLUMN reports.error_type IS 'The provider''s error code, or the exception';
COMMENT ON COLUMN reports.http_status IS 'Of the answer';
COMMENT ON COLUMN reports.finish_reason IS 'Why the answer ended';
COMMENT ON COLUMN reports.attempt IS 'From 1; NULL where it does not say';
COMMENT ON COLUMN reports.input_tokens IS 'Cache included, whatever the emitter''s habit';
COMMENT ON COLUMN reports.cache_read_tokens IS 'Input that the provider''s cache served';
COMMENT ON COLUMN reports.cache_write_tokens IS 'Input that was stored in the cache';
COMMENT ON COLUMN reports.output_tokens IS 'Reasoning included, whatever the emitter''s habit';
COMMENT ON COLUMN reports.reasoning_tokens IS 'Part of the output';
COMMENT ON COLUMN reports.usage_status IS 'As the emitter says; NULL where it says nothing';
COMMENT ON COLUMN reports.reported_usd IS 'The emitter''s own price; it counts only where we have no rate';
COMMENT ON COLUMN reports.corrections IS 'What was corrected in its numbers beyond what its dialect always does';
