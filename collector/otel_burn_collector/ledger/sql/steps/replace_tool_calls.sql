-- The tool calls of the touched sessions with what is known of their results; rows that say the same stay.
CREATE OR REPLACE TEMP TABLE asked AS
WITH listed AS (
    SELECT placed.call_id, arg_min(manifest, placed.place) AS m
    FROM placed
    JOIN (
        SELECT * FROM (SELECT * FROM store.manifests WHERE started_at BETWEEN getvariable('touched_from') AND getvariable('touched_to'))
        SEMI JOIN touched USING (unit, report_id)
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
       nullif(unnest(list_resize(coalesce(m.asked_sketches, []), len(m.asked_names))), '') AS args_sketch,
       unnest(list_resize(coalesce(m.asked_effects, []), len(m.asked_names))) AS effect
FROM listed JOIN merged USING (call_id);

CREATE OR REPLACE TEMP TABLE known_tool_calls AS
SELECT * FROM (SELECT * FROM store.tool_calls WHERE started_at >= getvariable('sessions_from'))
SEMI JOIN touched_sessions USING (session_key);

CREATE OR REPLACE TEMP TABLE session_calls AS
SELECT call_key, call_id, session_key, session_id, turn, agent, agent_id, started_at, ended_at, request_id
FROM (SELECT * FROM store.calls WHERE started_at >= getvariable('sessions_from'))
SEMI JOIN touched_sessions USING (session_key);

CREATE OR REPLACE TEMP TABLE session_runs AS
SELECT DISTINCT ON (session_id, tool_call_id) *
FROM (SELECT * FROM store.tool_runs WHERE ended_at >= getvariable('sessions_from'))
SEMI JOIN touched_sessions USING (session_key)
ORDER BY session_id, tool_call_id, ended_at, result_hash;

CREATE OR REPLACE TEMP TABLE current_tool_calls AS
WITH listed AS (
    SELECT known.call_key, call.session_key, known.call_id, call.session_id, known.agent, known.agent_id,
           known.started_at, position, tool_name, tool_call_id, args_hash, args_sketch, effect, told_by
    FROM known_tool_calls AS known
    JOIN session_calls AS call ON call.call_key = known.call_key
    ANTI JOIN old_calls ON old_calls.call_key = known.call_key
    WHERE told_by = 'response'
    UNION ALL
    SELECT call_key, session_key, call_id, session_id, agent, agent_id, started_at, position, tool_name, tool_call_id,
           args_hash, args_sketch, effect, 'response'
    FROM asked
), told AS (
    -- Runs that no response listed belong to the call that the record names, else to the last one before.
    SELECT run.*, coalesce(named.call_key, latest.call_key) AS call_key
    FROM session_runs AS run
    ANTI JOIN listed ON listed.session_id = run.session_id AND listed.tool_call_id = run.tool_call_id
    LEFT JOIN session_calls AS named ON named.session_id = run.session_id AND named.request_id = run.request_id
    ASOF LEFT JOIN session_calls AS latest ON latest.session_id = run.session_id AND run.ended_at >= latest.started_at
), asking AS (
    FROM listed
    UNION ALL
    SELECT call.call_key, call.session_key, call.call_id, call.session_id, call.agent, call.agent_id, call.started_at,
           row_number() OVER (PARTITION BY call.call_key ORDER BY told.ended_at, told.tool_call_id),
           told.tool_name, told.tool_call_id, told.args_hash, NULL, told.effect, 'run'
    FROM told JOIN session_calls AS call USING (call_key)
), ordered AS (
    SELECT *,
           row_number() OVER (PARTITION BY session_id ORDER BY started_at, call_id, position) AS seq,
           row_number() OVER (PARTITION BY session_id, tool_call_id ORDER BY started_at, call_id, position) AS occurrence
    FROM asking
)
SELECT ordered.call_key, ordered.session_key, ordered.call_id, ordered.session_id, ordered.agent, ordered.agent_id,
       call.turn, ordered.seq, ordered.position, ordered.effect, ordered.tool_call_id, ordered.tool_name,
       ordered.args_hash, ordered.args_sketch,
       coalesce(result.hash, run.result_hash) AS result_hash, coalesce(result.bytes, run.result_bytes) AS result_bytes,
       result.sketch AS result_sketch,
       coalesce(result.error_class, run.error_class) AS error_class, ordered.told_by,
       result.call_id AS result_call_id, ordered.started_at
FROM ordered
LEFT JOIN session_calls AS call ON call.call_key = ordered.call_key
LEFT JOIN session_runs AS run
       ON run.session_id = ordered.session_id AND run.tool_call_id = ordered.tool_call_id AND ordered.occurrence = 1
LEFT JOIN (
    SELECT * FROM (SELECT * FROM store.first_results WHERE started_at >= getvariable('sessions_from'))
    SEMI JOIN touched_sessions USING (session_key)
) AS result
       ON result.session_id = ordered.session_id AND result.tool_call_id = ordered.tool_call_id
      AND result.occurrence = ordered.occurrence;

CREATE OR REPLACE TEMP TABLE stale_tool_calls AS
SELECT DISTINCT call_key FROM (
    (FROM known_tool_calls EXCEPT FROM current_tool_calls)
    UNION ALL
    (FROM current_tool_calls EXCEPT FROM known_tool_calls)
);

DELETE FROM store.tool_calls
WHERE started_at >= getvariable('sessions_from') AND call_key IN (SELECT call_key FROM stale_tool_calls);
INSERT INTO store.tool_calls BY NAME
SELECT * FROM current_tool_calls SEMI JOIN stale_tool_calls USING (call_key);
