-- The merged calls and their attempts.
INSERT INTO store.calls BY NAME
SELECT merged.* EXCLUDE (report_id, reported_usd, server_address),
       md5_number_lower(merged.session_id) AS session_key, numbered.turn,
       priced.cost_usd, priced.cost_status, priced.cost_lines, priced.cost_reason, priced.rate_version,
       CASE WHEN priced.rest_pico IS NOT NULL
            THEN {read: priced.read_pico::HUGEINT, write: priced.write_pico::HUGEINT, rest: priced.rest_pico::HUGEINT} END AS input_pico,
       context.status AS context_status, context.blocks AS context_blocks, context.bytes AS context_bytes,
       context.parts AS context_parts
FROM merged
JOIN numbered USING (call_key)
JOIN priced USING (call_id)
LEFT JOIN call_contexts USING (call_id);

INSERT INTO store.attempts BY NAME
SELECT md5_number_lower(call_id) AS call_key, span_id AS attempt_id, call_id, attempt AS number,
       CASE WHEN is_error THEN 'error' ELSE 'ok' END AS status, error_type, http_status, started_at,
       (epoch_ns(ended_at) - epoch_ns(started_at)) / 1e6 AS duration_ms,
       CASE WHEN input_tokens IS NOT NULL OR output_tokens IS NOT NULL THEN
           struct_pack(input_tokens, cache_read_tokens, cache_write_tokens, output_tokens, reasoning_tokens)
       END AS usage
FROM placed
WHERE wire;
