-- Which of the merged calls, and of those that were there before, have a context and no conversation id?
CREATE OR REPLACE TEMP TABLE unnamed AS
WITH answered AS (
    SELECT placed.call_id, arg_min({kinds: output_kinds, hashes: output_hashes, bytes: output_bytes}, placed.place) AS output
    FROM placed
    JOIN (
        SELECT * FROM (SELECT * FROM store.manifests WHERE started_at BETWEEN getvariable('touched_from') AND getvariable('touched_to'))
        SEMI JOIN touched USING (unit, report_id)
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
