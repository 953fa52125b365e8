-- The merged calls: what is told of each, in the ledger's words.
CREATE OR REPLACE TEMP TABLE merged AS
SELECT md5_number_lower(told.call_id) AS call_key, told.call_id,
       list_filter(sources, lambda source, i: list_position(sources, source) = i) AS sources,
       started_at, ended_at,
       (epoch_ns(ended_at) - epoch_ns(started_at)) / 1e6 AS duration_ms,
       ttft_ms, service_name, project,
       coalesce(given_session_id, run_id, instance_id, trace_id, told.call_id) AS session_id,
       CASE WHEN given_session_id IS NULL THEN 'run' ELSE 'given' END AS session_source,
       parent_session_id,
       coalesce(agent, service_name) AS agent, agent_id, work_id, user_id, run_id, provider, server_address,
       request_model, response_model, response_id, request_id,
       CASE operation WHEN 'completion' THEN 'text_completion' WHEN 'embedding' THEN 'embeddings'
                      WHEN 'responses' THEN 'chat' WHEN 'llm' THEN 'chat' ELSE coalesce(operation, 'chat') END AS operation,
       stream,
       CASE WHEN NOT is_error THEN 'ok'
            WHEN regexp_matches(error_type, '(?i)cancel|abandon|GeneratorExit|KeyboardInterrupt') THEN 'cancelled'
            ELSE 'error' END AS status,
       CASE WHEN is_error THEN error_type END AS error_type,
       http_status, attempts, finish_reason, service_tier, region,
       input_tokens,
       -- Parts that exceed their whole come from an emitter that contradicts itself: then nobody knows.
       CASE WHEN input_tokens >= coalesce(cache_read_tokens, 0) + coalesce(cache_write_tokens, 0)
            THEN input_tokens - coalesce(cache_read_tokens, 0) - coalesce(cache_write_tokens, 0) END
           AS uncached_input_tokens,
       cache_read_tokens, cache_write_tokens, cache_write_5m_tokens, cache_write_1h_tokens,
       output_tokens, reasoning_tokens, coalesce(usage_status, 'missing') AS usage_status,
       reported_usd, report_id, trace_id, span_id, parent_span_id
FROM (SELECT * REPLACE (lower(operation) AS operation) FROM told) AS told;
