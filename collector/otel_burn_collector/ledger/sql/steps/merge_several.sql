-- One row a call from its reports, where it has several. `place` orders them: the lowest rank first (the wire, the SDK, the
-- agent, others), then success before failure, then the later attempt. A field comes from the first report that knows it;
-- usage comes as one set from one emitter (attempts summed), since emitters' numbers do not mix.
CREATE OR REPLACE TEMP TABLE placed_several AS
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
WHERE assigned.reports > 1;

CREATE OR REPLACE TEMP TABLE used_several AS
WITH chosen AS (
    SELECT call_id, emitter, input_tokens, output_tokens FROM placed_several
    WHERE usage_place = 1 AND (input_tokens IS NOT NULL OR output_tokens IS NOT NULL OR extras IS NOT NULL)
), detail AS (
    -- A part of the usage that the chosen emitter leaves out may come from one that saw the same totals.
    SELECT report.call_id,
           arg_min(cache_read_tokens, usage_place) AS cache_read_tokens,
           arg_min(cache_write_tokens, usage_place) AS cache_write_tokens,
           arg_min(cache_write_5m_tokens, usage_place) AS cache_write_5m_tokens,
           arg_min(cache_write_1h_tokens, usage_place) AS cache_write_1h_tokens,
           arg_min(reasoning_tokens, usage_place) AS reasoning_tokens
    FROM placed_several AS report
    JOIN chosen ON chosen.call_id = report.call_id AND chosen.input_tokens = report.input_tokens
               AND chosen.output_tokens = report.output_tokens
    GROUP BY report.call_id
)
SELECT report.call_id, report.report_id, report.input_tokens, report.output_tokens,
       coalesce(report.cache_read_tokens, detail.cache_read_tokens) AS cache_read_tokens,
       coalesce(report.cache_write_tokens, detail.cache_write_tokens) AS cache_write_tokens,
       coalesce(report.cache_write_5m_tokens, detail.cache_write_5m_tokens) AS cache_write_5m_tokens,
       coalesce(report.cache_write_1h_tokens, detail.cache_write_1h_tokens) AS cache_write_1h_tokens,
       coalesce(report.reasoning_tokens, detail.reasoning_tokens) AS reasoning_tokens,
       report.audio_input_tokens, report.audio_output_tokens, report.extras, report.usage_status, report.started_at, report.dialect
FROM placed_several AS report
JOIN chosen ON chosen.call_id = report.call_id AND chosen.emitter = report.emitter
    -- Attempts on the wire are billed each; what any other emitter says again, it says of the same.
    AND (report.wire OR report.usage_place = 1)
LEFT JOIN detail ON detail.call_id = report.call_id
WHERE report.input_tokens IS NOT NULL OR report.output_tokens IS NOT NULL OR report.extras IS NOT NULL;

CREATE OR REPLACE TEMP TABLE told_several AS
WITH told_best AS (
    SELECT call_id,
           list(source ORDER BY place) AS sources,
           min(started_at) FILTER (rank = best_rank) AS started_at,
           max(ended_at) FILTER (rank = best_rank) AS ended_at,
           arg_min(ttft_ms, place) AS ttft_ms,
           arg_min(service_name, place) AS service_name,
           arg_min(project, place) AS project,
           arg_min(session_id, place) AS given_session_id,
           arg_min(parent_session_id, place) AS parent_session_id,
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
           arg_min(operation, place) AS operation,
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
    FROM (SELECT *, min(rank) OVER (PARTITION BY call_id) AS best_rank FROM placed_several)
    GROUP BY call_id
), usage AS (
    SELECT call_id,
           sum(input_tokens)::BIGINT AS input_tokens, sum(output_tokens)::BIGINT AS output_tokens,
           sum(cache_read_tokens)::BIGINT AS cache_read_tokens, sum(cache_write_tokens)::BIGINT AS cache_write_tokens,
           sum(cache_write_5m_tokens)::BIGINT AS cache_write_5m_tokens,
           sum(cache_write_1h_tokens)::BIGINT AS cache_write_1h_tokens,
           sum(reasoning_tokens)::BIGINT AS reasoning_tokens,
           -- One attempt that broke off makes the sum of all of them partial.
           max(usage_status) AS usage_status
    FROM used_several
    GROUP BY call_id
)
FROM told_best
LEFT JOIN usage USING (call_id);

CREATE OR REPLACE TEMP VIEW placed AS
SELECT * EXCLUDE (is_metered) FROM lone
UNION ALL BY NAME
SELECT * EXCLUDE (usage_place) FROM placed_several;

CREATE OR REPLACE TEMP VIEW used AS
FROM lone_used UNION ALL BY NAME FROM used_several;

CREATE OR REPLACE TEMP VIEW told AS
FROM lone_told UNION ALL BY NAME FROM told_several;
