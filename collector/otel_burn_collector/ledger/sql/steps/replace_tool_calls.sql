-- The tool calls of the touched sessions with what is known of their results; rows that say the same stay.
CREATE OR REPLACE TEMP TABLE asked AS
WITH listed AS (
    SELECT placed.call_id, arg_min(manifest, placed.place) AS m
    FROM placed
    JOIN (
        SELECT * FROM (SELECT * FROM store.manifests WHERE started_at BETWEEN getvariable('touched_from') AND getvariable('touched_to'))
        SEMI JOIN touched USING (unit)
    ) AS manifest USING (report_id)
    WHERE manifest.asked_names IS NOT NULL
    GROUP BY placed.call_id
)
SELECT merged.call_key, md5_number_lower(merged.session_id) AS session_key, merged.call_id, merged.session_id,
       merged.agent, merged.agent_id, merged.started_at,
       unnest(range(1, len(m.asked_names) + 1)) AS position,
       unnest(m.asked_names) AS tool_name,
       nullif(unnest(list_resize(coalesce(m.asked_ids, []), len(m.asked_names))), '') AS tool_call_id,
       nullif(unnest(list_resize(coalesce(m.asked_hashes, []), len(m.asked_names))), '') AS args_hash,
       unnest(list_resize(coalesce(m.asked_effects, []), len(m.asked_names))) AS effect
FROM listed JOIN merged USING (call_id);

CREATE OR REPLACE TEMP TABLE known_tool_calls AS
SELECT * FROM (SELECT * FROM store.tool_calls WHERE started_at >= getvariable('sessions_from'))
SEMI JOIN touched_sessions USING (session_key);

CREATE OR REPLACE TEMP TABLE current_tool_calls AS
WITH asking AS (
    SELECT call_key, session_key, call_id, session_id, agent, agent_id, started_at, position, tool_name, tool_call_id,
           args_hash, effect
    FROM known_tool_calls ANTI JOIN old_calls USING (call_key)
    UNION ALL
    SELECT call_key, session_key, call_id, session_id, agent, agent_id, started_at, position, tool_name, tool_call_id,
           args_hash, effect
    FROM asked
), ordered AS (
    SELECT *,
           row_number() OVER (PARTITION BY session_id ORDER BY started_at, call_id, position) AS seq,
           row_number() OVER (PARTITION BY session_id, tool_call_id ORDER BY started_at, call_id, position) AS occurrence
    FROM asking
)
SELECT ordered.* EXCLUDE (occurrence), call.turn,
       result.hash AS result_hash, result.bytes AS result_bytes, result.error_class, result.call_id AS result_call_id
FROM ordered
LEFT JOIN (
    SELECT call_key, turn FROM (SELECT * FROM store.calls WHERE started_at >= getvariable('sessions_from'))
    SEMI JOIN touched_sessions USING (session_key)
) AS call
       ON call.call_key = ordered.call_key
LEFT JOIN (
    SELECT * FROM (SELECT * FROM store.first_results WHERE started_at >= getvariable('sessions_from'))
    SEMI JOIN touched_sessions USING (session_key)
) AS result
       ON result.session_id = ordered.session_id AND result.tool_call_id = ordered.tool_call_id
      AND result.occurrence = ordered.occurrence;

CREATE OR REPLACE TEMP TABLE stale_tool_calls AS
SELECT DISTINCT call_key FROM (
    (SELECT call_key, session_id, position, seq, turn, result_hash, result_call_id, tool_name, tool_call_id, args_hash,
            agent, agent_id, effect, started_at FROM known_tool_calls
     EXCEPT
     SELECT call_key, session_id, position, seq, turn, result_hash, result_call_id, tool_name, tool_call_id, args_hash,
            agent, agent_id, effect, started_at FROM current_tool_calls)
    UNION ALL
    (SELECT call_key, session_id, position, seq, turn, result_hash, result_call_id, tool_name, tool_call_id, args_hash,
            agent, agent_id, effect, started_at FROM current_tool_calls
     EXCEPT
     SELECT call_key, session_id, position, seq, turn, result_hash, result_call_id, tool_name, tool_call_id, args_hash,
            agent, agent_id, effect, started_at FROM known_tool_calls)
);

DELETE FROM store.tool_calls
WHERE started_at >= getvariable('sessions_from') AND call_key IN (SELECT call_key FROM stale_tool_calls);
INSERT INTO store.tool_calls BY NAME
SELECT * FROM current_tool_calls SEMI JOIN stale_tool_calls USING (call_key);
