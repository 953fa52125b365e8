-- Emitters write counts as text, whole doubles, -1 for unknown, or nonsense: what is no plausible count is none.
CREATE OR REPLACE TEMP MACRO token_count(text) AS
    CASE WHEN try_cast(text AS DOUBLE) BETWEEN 0 AND 1e12 THEN try_cast(text AS DOUBLE)::BIGINT END;

-- The new reports in one vocabulary. A list of finish reasons gives its first; a log record knows its end and its
-- duration.
INSERT INTO store.reports BY NAME
WITH typed AS (
    SELECT record.*, dialect.* EXCLUDE (signal, provider), read.fields AS f, dialect.provider AS default_provider,
           token_count(read.fields['input_tokens']) AS said_input,
           token_count(read.fields['output_tokens']) AS said_output,
           token_count(read.fields['cache_read_tokens']) AS cache_read_tokens,
           token_count(read.fields['cache_write_tokens']) AS cache_write_tokens,
           token_count(read.fields['reasoning_tokens']) AS reasoning_tokens,
           try_cast(read.fields['http_status'] AS INTEGER) AS http_status,
           try_cast(read.fields['duration_ms'] AS DOUBLE) AS said_ms
    FROM new_reports AS report
    JOIN new_records AS record USING (report_id)
    JOIN new_fields AS read USING (report_id)
    JOIN store.dialects AS dialect ON dialect.dialect = report.dialect
)
SELECT md5_number_lower(coalesce(trace_id, report_id)) AS unit,
       report_id, dialect, rank, wire,
       CASE WHEN pairs_by_usage IS NOT NULL AND said_input IS NOT NULL
            THEN concat_ws('|', pairs_by_usage, said_input, said_output) END AS pairing,
       typed.signal,
       concat_ws('|', typed.signal, scope_name, coalesce(resource['service.instance.id'], service_name)) AS emitter,
       coalesce(scope_name, '') || coalesce('@' || scope_version, '') AS source,
       trace_id, span_id, parent_span_id,
       CASE WHEN typed.signal = 'log' AND said_ms BETWEEN 0 AND 1e9
            THEN started_at - to_microseconds((said_ms * 1000)::BIGINT) ELSE started_at END AS started_at,
       ended_at,
       service_name,
       resource['service.instance.id'] AS instance_id,
       coalesce(attributes['burn.run.id'], resource['burn.run.id']) AS run_id,
       coalesce(f['project'], resource['burn.project']) AS project,
       coalesce(f['session_id'], resource['session.id'], resource['gen_ai.conversation.id']) AS session_id,
       f['agent'] AS agent, f['agent_id'] AS agent_id, f['user_id'] AS user_id, f['work_id'] AS work_id,
       coalesce(known.provider, f['provider'], default_provider) AS provider,
       f['server_address'] AS server_address,
       f['request_model'] AS request_model, f['response_model'] AS response_model,
       f['response_id'] AS response_id, f['request_id'] AS request_id,
       f['operation'] AS operation,
       lower(f['stream']) = 'true' AS stream,
       coalesce(status = 'ERROR', false) OR f['error_type'] IS NOT NULL
           OR coalesce(lower(f['succeeded']) = 'false', false) OR coalesce(http_status >= 400, false) AS is_error,
       f['error_type'] AS error_type, http_status,
       CASE WHEN f['finish_reason'] LIKE '[%' THEN try_cast(f['finish_reason'] AS VARCHAR[])[1]
            ELSE f['finish_reason'] END AS finish_reason,
       f['service_tier'] AS service_tier, f['region'] AS region,
       try_cast(f['ttft'] AS DOUBLE) * ttft_factor AS ttft_ms,
       said_input + CASE WHEN input_excludes THEN coalesce(cache_read_tokens, 0) + coalesce(cache_write_tokens, 0)
                         ELSE 0 END AS input_tokens,
       said_output + CASE WHEN output_excludes THEN coalesce(reasoning_tokens, 0) ELSE 0 END AS output_tokens,
       cache_read_tokens, cache_write_tokens,
       token_count(f['cache_write_5m_tokens']) AS cache_write_5m_tokens,
       token_count(f['cache_write_1h_tokens']) AS cache_write_1h_tokens,
       reasoning_tokens,
       token_count(f['audio_input_tokens']) AS audio_input_tokens,
       token_count(f['audio_output_tokens']) AS audio_output_tokens,
       f['usage_status'] AS usage_status,
       -- 0 from an emitter means that it knows no price: openlit offline, litellm with an unknown model.
       CASE WHEN try_cast(f['reported_usd'] AS DOUBLE) > 0 AND try_cast(f['reported_usd'] AS DOUBLE) < 1e6
            THEN try_cast(f['reported_usd'] AS DECIMAL(38, 12)) END AS reported_usd,
       f['logical_call'] AS logical_call, try_cast(f['attempt'] AS INTEGER) AS attempt
FROM typed
LEFT JOIN store.provider_names AS known ON known.alias = f['provider'];
