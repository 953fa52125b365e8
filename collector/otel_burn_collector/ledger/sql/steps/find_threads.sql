-- Which calls without a conversation id are new or changed, and which come after the first of them? Only those can
-- go on from another call than before.
CREATE OR REPLACE TEMP TABLE unnamed AS
WITH answered AS (
    SELECT placed.call_id, arg_min({kinds: output_kinds, hashes: output_hashes, bytes: output_bytes}, placed.place) AS output
    FROM placed
    JOIN (
        SELECT * FROM (SELECT * FROM store.manifests WHERE started_at BETWEEN getvariable('touched_from') AND getvariable('touched_to'))
        SEMI JOIN touched USING (unit)
    ) AS manifest USING (report_id)
    WHERE len(output_kinds) > 0
    GROUP BY placed.call_id
), answer_block AS (
    SELECT call_id, unnest(output.kinds) AS kind, unnest(output.hashes) AS hash, unnest(output.bytes) AS bytes FROM answered
), answer AS (
    SELECT call_id, list(md5_number_lower(kind || '|' || hash) ORDER BY hash) AS answer,
           -- A short answer ("OK", {"path": "."}) may be anybody's.
           list(md5_number_lower(kind || '|' || hash) ORDER BY hash) FILTER (bytes >= 32) AS telling
    FROM answer_block
    WHERE kind <> 'reasoning'
    GROUP BY call_id
)
SELECT md5_number_lower(concat_ws('|', merged.session_id, merged.agent, merged.agent_id)) AS group_key,
       merged.call_key, merged.call_id, merged.session_id AS run_session, merged.started_at,
       coalesce(merged.ended_at, merged.started_at) AS ended_at,
       context.opening, context.blocks, context.parts, answer.answer, coalesce(answer.telling, []) AS telling
FROM merged
JOIN call_contexts USING (call_id)
LEFT JOIN answer USING (call_id)
WHERE merged.session_source = 'run' AND len(context.parts) > 0;

CREATE OR REPLACE TEMP TABLE old_threads AS
SELECT * FROM (SELECT * FROM store.threads WHERE started_at BETWEEN getvariable('touched_from') AND getvariable('touched_to'))
SEMI JOIN old_calls USING (call_key);

CREATE OR REPLACE TEMP TABLE touched_groups AS
WITH known AS (
    SELECT COLUMNS(* EXCLUDE (thread_id, previous_call_id, parent_thread_id, session_id, parent_session_id)) FROM old_threads
), changed AS (
    (FROM unnamed EXCEPT FROM known)
    UNION ALL
    (FROM known EXCEPT FROM unnamed)
    UNION ALL
    (FROM unnamed WHERE getvariable('everything'))
)
SELECT group_key, min(started_at) AS since FROM changed GROUP BY group_key;

CREATE OR REPLACE TEMP TABLE threading AS
SELECT unnamed.* FROM unnamed JOIN touched_groups USING (group_key) WHERE started_at >= since
UNION ALL BY NAME
SELECT COLUMNS(stored.* EXCLUDE (thread_id, previous_call_id, parent_thread_id, session_id, parent_session_id))
FROM store.threads AS stored
JOIN touched_groups ON touched_groups.group_key = stored.group_key AND stored.started_at >= touched_groups.since
ANTI JOIN old_calls ON old_calls.call_key = stored.call_key;

-- What came before them stays as it is.
CREATE OR REPLACE TEMP TABLE threaded_before AS
WITH member AS (
    SELECT stored.* FROM store.threads AS stored
    JOIN touched_groups ON touched_groups.group_key = stored.group_key AND stored.started_at < touched_groups.since
)
SELECT group_key, call_id, started_at, ended_at, opening, blocks, parts, answer, telling, thread_id,
       call_id IN (SELECT previous_call_id FROM member WHERE previous_call_id IS NOT NULL) AS continued
FROM member;
