-- Put the merged calls in the place of those that the touched reports made before. The turn is the place in the
-- session: calls that stay but move by the change, or to another session, are written again.
CREATE OR REPLACE TEMP TABLE gone_calls AS
SELECT call_key, session_key, session_id
FROM (
    SELECT call_key, session_key, session_id FROM store.calls
    WHERE started_at BETWEEN getvariable('near_from') AND getvariable('near_to')
)
SEMI JOIN old_calls USING (call_key);

CREATE OR REPLACE TEMP TABLE touched_sessions AS
SELECT session_key, session_id FROM gone_calls
UNION
SELECT md5_number_lower(session_id), session_id FROM merged
UNION
SELECT md5_number_lower(session_id), session_id FROM rehomed
UNION
SELECT md5_number_lower(left_session_id), left_session_id FROM rehomed WHERE left_session_id IS NOT NULL;

-- None of their rows begins before this.
SET VARIABLE sessions_from = (
    SELECT min(started_at) FROM (
        SELECT min(started_at) AS started_at FROM store.sessions SEMI JOIN touched_sessions USING (session_key)
        UNION ALL
        SELECT min(started_at) FROM merged
    )
);

DELETE FROM store.calls
WHERE started_at >= getvariable('sessions_from') AND call_key IN (SELECT call_key FROM old_calls);

CREATE OR REPLACE TEMP TABLE numbered AS
SELECT call_key, old_turn, session_id,
       row_number() OVER (PARTITION BY session_id ORDER BY started_at, call_id) AS turn
FROM (
    SELECT call_key, call_id, coalesce(rehomed.session_id, call.session_id) AS session_id, started_at, turn AS old_turn
    FROM (SELECT * FROM store.calls WHERE started_at >= getvariable('sessions_from')) AS call
    SEMI JOIN touched_sessions USING (session_key)
    LEFT JOIN rehomed USING (call_key)
    UNION ALL
    SELECT call_key, call_id, session_id, started_at, NULL FROM merged
);

CREATE OR REPLACE TEMP TABLE moved AS
SELECT call.* REPLACE (
           numbered.turn AS turn, numbered.session_id AS session_id, md5_number_lower(numbered.session_id) AS session_key,
           coalesce(rehomed.session_source, call.session_source) AS session_source,
           CASE WHEN rehomed.call_key IS NULL THEN call.parent_session_id ELSE rehomed.parent_session_id END
               AS parent_session_id
       )
FROM (SELECT * FROM store.calls WHERE started_at >= getvariable('sessions_from')) AS call
JOIN numbered ON numbered.call_key = call.call_key
LEFT JOIN rehomed ON rehomed.call_key = call.call_key
WHERE numbered.old_turn <> numbered.turn OR rehomed.call_key IS NOT NULL;

DELETE FROM store.calls
WHERE started_at >= getvariable('sessions_from') AND call_key IN (SELECT call_key FROM moved);
INSERT INTO store.calls BY NAME SELECT * FROM moved;

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

DELETE FROM store.attempts
WHERE started_at >= getvariable('sessions_from') AND call_key IN (SELECT call_key FROM old_calls);
INSERT INTO store.attempts BY NAME
SELECT md5_number_lower(call_id) AS call_key, span_id AS attempt_id, call_id, attempt AS number,
       CASE WHEN is_error THEN 'error' ELSE 'ok' END AS status, error_type, http_status, started_at,
       (epoch_ns(ended_at) - epoch_ns(started_at)) / 1e6 AS duration_ms,
       CASE WHEN input_tokens IS NOT NULL OR output_tokens IS NOT NULL THEN
           struct_pack(input_tokens, cache_read_tokens, cache_write_tokens, output_tokens, reasoning_tokens)
       END AS usage
FROM placed
WHERE wire;
