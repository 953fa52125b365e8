-- Sum the touched sessions again.
DELETE FROM store.sessions WHERE session_key IN (SELECT session_key FROM touched_sessions);

INSERT INTO store.sessions BY NAME
SELECT session_key, session_id,
       CASE WHEN bool_or(session_source = 'given') THEN 'given'
            WHEN bool_or(session_source = 'threaded') THEN 'threaded' ELSE 'run' END AS session_source,
       min(parent_session_id) AS parent_session_id,
       arg_min(run_id, turn) AS run_id,
       arg_min(project, turn) AS project,
       arg_min(agent, turn) AS agent,
       arg_min(work_id, turn) AS work_id,
       min(started_at) AS started_at,
       max(ended_at) AS ended_at,
       count(*) AS calls,
       sum(input_tokens)::BIGINT AS input_tokens,
       sum(uncached_input_tokens)::BIGINT AS uncached_input_tokens,
       sum(cache_read_tokens)::BIGINT AS cache_read_tokens,
       sum(cache_write_tokens)::BIGINT AS cache_write_tokens,
       sum(output_tokens)::BIGINT AS output_tokens,
       sum(reasoning_tokens)::BIGINT AS reasoning_tokens,
       -- A refused call costs nothing, which is known; beside unpriced ones alone it must not make a sum of $0.
       (CASE WHEN bool_or(cost_status = 'unpriced') THEN sum(cost_usd) FILTER (cost_status <> 'not_metered')
            ELSE sum(cost_usd) END)::DECIMAL(38, 12) AS cost_usd,
       count(*) FILTER (cost_status = 'unpriced') AS unpriced_calls
FROM (SELECT * FROM store.calls WHERE started_at >= getvariable('sessions_from'))
SEMI JOIN touched_sessions USING (session_key)
GROUP BY session_key, session_id;
