-- One row a call from its reports. `place` orders them: the lowest rank first (the wire, the SDK, the agent, others),
-- then success before failure, then the later attempt. A field comes from the first report that knows it; usage
-- comes as one set from one emitter (attempts summed), since emitters' numbers do not mix.
CREATE OR REPLACE TEMP TABLE placed AS
SELECT resolved.*, assigned.call_id,
       row_number() OVER (
           PARTITION BY assigned.call_id
           ORDER BY rank, is_error, attempt DESC NULLS LAST, resolved.started_at DESC, resolved.report_id
       ) AS place,
       -- The more an emitter says of the usage, the better it looked; equal ranks differ in nothing else.
       row_number() OVER (
           PARTITION BY assigned.call_id
           ORDER BY input_tokens IS NULL AND output_tokens IS NULL, rank,
                    (cache_read_tokens IS NOT NULL)::INT + (cache_write_tokens IS NOT NULL)::INT
                        + (reasoning_tokens IS NOT NULL)::INT DESC,
                    is_error, attempt DESC NULLS LAST, resolved.started_at DESC, resolved.report_id
       ) AS usage_place
FROM resolved
JOIN assigned USING (report_id)
WHERE assigned.call_id IS NOT NULL;

CREATE OR REPLACE TEMP TABLE used AS
WITH chosen AS (
    SELECT call_id, emitter, input_tokens, output_tokens FROM placed
    WHERE usage_place = 1 AND (input_tokens IS NOT NULL OR output_tokens IS NOT NULL OR extras IS NOT NULL)
), detail AS (
    -- A part of the usage that the chosen emitter leaves out may come from one that saw the same totals.
    SELECT placed.call_id,
           arg_min(cache_read_tokens, usage_place) AS cache_read_tokens,
           arg_min(cache_write_tokens, usage_place) AS cache_write_tokens,
           arg_min(cache_write_5m_tokens, usage_place) AS cache_write_5m_tokens,
           arg_min(cache_write_1h_tokens, usage_place) AS cache_write_1h_tokens,
           arg_min(reasoning_tokens, usage_place) AS reasoning_tokens,
           arg_min(service_tier, usage_place) AS service_tier
    FROM placed
    JOIN chosen ON chosen.call_id = placed.call_id AND chosen.input_tokens = placed.input_tokens
               AND chosen.output_tokens = placed.output_tokens
    GROUP BY placed.call_id
)
SELECT placed.call_id, placed.report_id, placed.input_tokens, placed.output_tokens,
       coalesce(placed.cache_read_tokens, detail.cache_read_tokens) AS cache_read_tokens,
       coalesce(placed.cache_write_tokens, detail.cache_write_tokens) AS cache_write_tokens,
       coalesce(placed.cache_write_5m_tokens, detail.cache_write_5m_tokens) AS cache_write_5m_tokens,
       coalesce(placed.cache_write_1h_tokens, detail.cache_write_1h_tokens) AS cache_write_1h_tokens,
       coalesce(placed.reasoning_tokens, detail.reasoning_tokens) AS reasoning_tokens,
       placed.audio_input_tokens, placed.audio_output_tokens, placed.extras, placed.usage_status, placed.started_at, placed.is_error
FROM placed
JOIN chosen ON chosen.call_id = placed.call_id AND chosen.emitter = placed.emitter
    -- Attempts on the wire are billed each; what any other emitter says again, it says of the same.
    AND (placed.wire OR placed.usage_place = 1)
LEFT JOIN detail ON detail.call_id = placed.call_id
WHERE placed.input_tokens IS NOT NULL OR placed.output_tokens IS NOT NULL OR placed.extras IS NOT NULL;

CREATE OR REPLACE TEMP TABLE merged AS
WITH told AS (
    SELECT call_id,
           list(source ORDER BY place) AS sources,
           min(started_at) FILTER (rank = best_rank) AS started_at,
           max(ended_at) FILTER (rank = best_rank) AS ended_at,
           arg_min(ttft_ms, place) AS ttft_ms,
           arg_min(service_name, place) AS service_name,
           arg_min(project, place) AS project,
           arg_min(session_id, place) AS given_session_id,
           arg_min(run_id, place) AS run_id,
           arg_min(instance_id, place) AS instance_id,
           arg_min(agent, place) AS agent,
           arg_min(agent_id, place) AS agent_id,
           arg_min(work_id, place) AS work_id,
           arg_min(user_id, place) AS user_id,
           arg_min(provider, place) AS provider,
           arg_min(server_address, place) AS server_address,
           arg_min(request_model, place) AS request_model,
           arg_min(response_model, place) AS response_model,
           arg_min(response_id, place) AS response_id,
           arg_min(request_id, place) AS request_id,
           lower(arg_min(operation, place)) AS operation,
           arg_min(stream, place) AS stream,
           arg_min(is_error, place) AS is_error,
           arg_min(error_type, place) AS error_type,
           arg_min(http_status, place) AS http_status,
           coalesce(nullif(count(*) FILTER (wire), 0), max(attempt)) AS attempts,
           arg_min(finish_reason, place) AS finish_reason,
           arg_min(service_tier, place) AS service_tier,
           arg_min(region, place) AS region,
           arg_min(reported_usd, place) AS reported_usd,
           arg_min(report_id, place) AS report_id,
           arg_min(trace_id, place) AS trace_id,
           arg_min(span_id, place) FILTER (place = 1) AS span_id,
           arg_min(parent_span_id, place) FILTER (place = 1) AS parent_span_id
    FROM (SELECT *, min(rank) OVER (PARTITION BY call_id) AS best_rank FROM placed)
    GROUP BY call_id
), usage AS (
    SELECT call_id,
           sum(input_tokens)::BIGINT AS input_tokens, sum(output_tokens)::BIGINT AS output_tokens,
           sum(cache_read_tokens)::BIGINT AS cache_read_tokens, sum(cache_write_tokens)::BIGINT AS cache_write_tokens,
           sum(cache_write_5m_tokens)::BIGINT AS cache_write_5m_tokens,
           sum(cache_write_1h_tokens)::BIGINT AS cache_write_1h_tokens,
           sum(reasoning_tokens)::BIGINT AS reasoning_tokens,
           -- One attempt that broke off makes the sum of all of them partial.
           max(CASE WHEN usage_status IS NOT NULL THEN usage_status
                    WHEN input_tokens IS NULL OR output_tokens IS NULL OR is_error THEN 'partial'
                    ELSE 'exact' END) AS usage_status
    FROM used
    GROUP BY call_id
)
SELECT md5_number_lower(told.call_id) AS call_key, told.call_id,
       list_filter(sources, lambda source, i: list_position(sources, source) = i) AS sources,
       started_at, ended_at,
       (epoch_ns(ended_at) - epoch_ns(started_at)) / 1e6 AS duration_ms,
       ttft_ms, service_name, project,
       coalesce(given_session_id, run_id, instance_id, trace_id, told.call_id) AS session_id,
       CASE WHEN given_session_id IS NULL THEN 'run' ELSE 'given' END AS session_source,
       NULL::VARCHAR AS parent_session_id, -- see thread_calls.sql
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
FROM told
LEFT JOIN usage USING (call_id);
