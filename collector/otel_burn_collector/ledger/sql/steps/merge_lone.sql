-- The reports of each call. Nearly every call has one alone, which is taken as it is; for the rest see merge_several.sql.
-- Views: whoever reads them takes only the columns that it needs.
CREATE OR REPLACE TEMP VIEW lone AS
SELECT resolved.*, assigned.call_id, 1 AS place, input_tokens IS NOT NULL OR output_tokens IS NOT NULL OR extras IS NOT NULL AS is_metered
FROM resolved
JOIN assigned USING (report_id)
WHERE assigned.reports = 1;

CREATE OR REPLACE TEMP VIEW lone_used AS
SELECT call_id, report_id, input_tokens, output_tokens, cache_read_tokens, cache_write_tokens, cache_write_5m_tokens,
       cache_write_1h_tokens, reasoning_tokens, audio_input_tokens, audio_output_tokens, extras, usage_status, started_at, dialect
FROM lone
WHERE is_metered;

CREATE OR REPLACE TEMP VIEW lone_told AS
SELECT call_id, [source] AS sources, started_at, ended_at, ttft_ms, service_name, project, session_id AS given_session_id, parent_session_id,
       run_id, instance_id, agent, agent_id, work_id, user_id, provider, server_address, request_model, response_model,
       response_id, request_id, operation, stream, is_error, error_type, http_status,
       coalesce(nullif(wire::BIGINT, 0), attempt) AS attempts,
       finish_reason, service_tier, region, reported_usd, report_id, trace_id, span_id, parent_span_id,
       input_tokens, output_tokens,
       CASE WHEN is_metered THEN cache_read_tokens END AS cache_read_tokens,
       CASE WHEN is_metered THEN cache_write_tokens END AS cache_write_tokens,
       CASE WHEN is_metered THEN cache_write_5m_tokens END AS cache_write_5m_tokens,
       CASE WHEN is_metered THEN cache_write_1h_tokens END AS cache_write_1h_tokens,
       CASE WHEN is_metered THEN reasoning_tokens END AS reasoning_tokens,
       CASE WHEN is_metered THEN usage_status END AS usage_status
FROM lone;

-- Unless some calls have several reports, that is all.
CREATE OR REPLACE TEMP VIEW placed AS SELECT * EXCLUDE (is_metered) FROM lone;
CREATE OR REPLACE TEMP VIEW used AS FROM lone_used;
CREATE OR REPLACE TEMP VIEW told AS FROM lone_told;
