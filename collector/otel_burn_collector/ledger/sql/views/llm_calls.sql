-- One billed model response, however many reports of it arrived.
CREATE OR REPLACE VIEW llm_calls AS
SELECT call_id, sources, started_at, duration_ms, ttft_ms, service_name, project, session_id, parent_session_id, turn,
       agent, agent_id, work_id, user_id, run_id, provider, request_model, response_model, response_id, operation,
       stream, status, error_type, http_status, attempts, finish_reason, service_tier, region,
       input_tokens, uncached_input_tokens, cache_read_tokens, cache_write_tokens, cache_write_5m_tokens,
       cache_write_1h_tokens, output_tokens, reasoning_tokens, usage_status,
       cost_usd, cost_status, cost_reason, cost_lines, rate_version, context_status, trace_id, span_id, parent_span_id
FROM store.calls;
COMMENT ON VIEW llm_calls IS 'One billed model response, however many reports of it arrived';
COMMENT ON COLUMN llm_calls.call_id IS 'Never changes once published';
COMMENT ON COLUMN llm_calls.sources IS 'Who reported the call, as scope@version, the most trusted first';
COMMENT ON COLUMN llm_calls.duration_ms IS 'From the first attempt''s start to the response''s end';
COMMENT ON COLUMN llm_calls.ttft_ms IS 'Time to the first chunk of a streamed response';
COMMENT ON COLUMN llm_calls.project IS 'Directory or repository; NULL when nobody said';
COMMENT ON COLUMN llm_calls.session_id IS 'The conversation, or the run where none is known (see sessions.session_source)';
COMMENT ON COLUMN llm_calls.turn IS 'The call''s place in its session by start time, from 1';
COMMENT ON COLUMN llm_calls.agent IS 'The agent''s name, else the service''s';
COMMENT ON COLUMN llm_calls.status IS 'ok, error or cancelled';
COMMENT ON COLUMN llm_calls.attempts IS 'HTTP attempts seen on the wire or told by the emitter; NULL when neither';
COMMENT ON COLUMN llm_calls.input_tokens IS 'Everything the model read, cache included; NULL when nobody reported it';
COMMENT ON COLUMN llm_calls.uncached_input_tokens IS 'Input that no cache served or stored';
COMMENT ON COLUMN llm_calls.output_tokens IS 'Everything the model wrote, reasoning included';
COMMENT ON COLUMN llm_calls.usage_status IS 'exact, partial (the answer broke off, or its emitter leaves something out), missing or estimated';
COMMENT ON COLUMN llm_calls.cost_usd IS 'US dollars; NULL when unknown, never 0 for unknown';
COMMENT ON COLUMN llm_calls.cost_status IS 'computed (our rates), estimated (our rates, and the reason says what is not sure), reported (by the provider, or by the emitter where we have no rate), unpriced, not_metered (local, free, or refused: nothing was billed)';
COMMENT ON COLUMN llm_calls.cost_reason IS 'Why the cost is an estimate, or unknown, or nothing; NULL when it is computed';
COMMENT ON COLUMN llm_calls.cost_lines IS 'The bill: unit, quantity, dollars per unit, dollars, and the id of the rate (`rates.id`)';
COMMENT ON COLUMN llm_calls.context_status IS 'full; partial (the list that its context goes on from has not arrived: context_blocks has the rest, without shares); NULL when nobody listed it';
COMMENT ON COLUMN llm_calls.started_at IS 'When its first attempt began (UTC)';
COMMENT ON COLUMN llm_calls.service_name IS '`service.name` of the program';
COMMENT ON COLUMN llm_calls.parent_session_id IS 'Where the session branched off; NULL for most';
COMMENT ON COLUMN llm_calls.agent_id IS 'Tells instances of one agent apart';
COMMENT ON COLUMN llm_calls.work_id IS 'The work item (ticket, pull request) that pays for it; NULL when nobody said';
COMMENT ON COLUMN llm_calls.user_id IS 'On whose behalf; NULL when nobody said';
COMMENT ON COLUMN llm_calls.run_id IS 'The `otel-burn run`, child processes included';
COMMENT ON COLUMN llm_calls.provider IS 'Who bills';
COMMENT ON COLUMN llm_calls.request_model IS 'The model that was asked for';
COMMENT ON COLUMN llm_calls.response_model IS 'The model that answered, as the provider names it';
COMMENT ON COLUMN llm_calls.response_id IS 'The provider''s id of the response';
COMMENT ON COLUMN llm_calls.operation IS 'chat, embeddings, generate_content, text_completion …';
COMMENT ON COLUMN llm_calls.stream IS 'Whether the answer came in pieces';
COMMENT ON COLUMN llm_calls.error_type IS 'The provider''s error code, or the exception';
COMMENT ON COLUMN llm_calls.http_status IS 'Of the last attempt';
COMMENT ON COLUMN llm_calls.finish_reason IS 'Why the answer ended';
COMMENT ON COLUMN llm_calls.service_tier IS 'The tier that served it, a fast mode as `fast`: it decides the price';
COMMENT ON COLUMN llm_calls.region IS 'Where it was served, when that decides the price';
COMMENT ON COLUMN llm_calls.cache_read_tokens IS 'Input that the provider''s cache served, at a lower price';
COMMENT ON COLUMN llm_calls.cache_write_tokens IS 'Input that was stored in the cache, at a higher price';
COMMENT ON COLUMN llm_calls.cache_write_5m_tokens IS 'Of these, stored for five minutes';
COMMENT ON COLUMN llm_calls.cache_write_1h_tokens IS 'Of these, stored for an hour';
COMMENT ON COLUMN llm_calls.reasoning_tokens IS 'Output that nobody sees; part of output_tokens';
COMMENT ON COLUMN llm_calls.rate_version IS 'The price table that it was priced with';
COMMENT ON COLUMN llm_calls.trace_id IS 'The trace of its first report';
COMMENT ON COLUMN llm_calls.span_id IS 'The span of its most trusted report';
COMMENT ON COLUMN llm_calls.parent_span_id IS 'What it ran in';
