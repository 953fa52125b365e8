-- What is to be priced: a row for each attempt that was billed, or one without usage for a call that shows none.
-- A router's "provider/model" is that provider's model.
SELECT merged.call_id, merged.provider,
       replace(merged.request_model, merged.provider || '/', '') AS request_model,
       replace(merged.response_model, merged.provider || '/', '') AS response_model,
       epoch_us(coalesce(used.started_at, merged.started_at)) AS at_us, merged.server_address AS host,
       merged.service_tier, merged.region, merged.status, merged.http_status, merged.reported_usd, wire.failures,
       used.input_tokens, used.output_tokens, used.cache_read_tokens, used.cache_write_tokens,
       used.cache_write_5m_tokens, used.cache_write_1h_tokens, used.reasoning_tokens,
       used.audio_input_tokens, used.audio_output_tokens, used.extras, merged.usage_status, used.dialect
FROM merged
LEFT JOIN used USING (call_id)
LEFT JOIN (
    SELECT call_id, list(error_type) AS failures FROM placed WHERE wire GROUP BY call_id -- NULL for one that went well
) AS wire USING (call_id)
ORDER BY merged.call_id, used.report_id;
