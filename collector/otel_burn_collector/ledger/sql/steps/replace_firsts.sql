-- Where does each touched session show a block, or the result of a tool call, first? New calls can only add or come
-- earlier, which is a minimum; a session that lost or changed a context is looked through again.
CREATE OR REPLACE TEMP TABLE reset_sessions AS
SELECT DISTINCT session_key FROM old_contexts AS old
WHERE NOT EXISTS (
    SELECT 1 FROM new_contexts AS new
    WHERE new.call_key = old.call_key AND new.session_id = old.session_id AND new.started_at = old.started_at
      AND new.hashes = old.hashes AND new.tool_call_ids IS NOT DISTINCT FROM old.tool_call_ids
);

DELETE FROM store.first_blocks WHERE session_key IN (SELECT session_key FROM reset_sessions);
DELETE FROM store.first_results WHERE session_key IN (SELECT session_key FROM reset_sessions);

CREATE OR REPLACE TEMP TABLE candidate_contexts AS
SELECT * FROM new_contexts ANTI JOIN reset_sessions USING (session_key)
UNION ALL
SELECT * FROM (SELECT * FROM store.contexts WHERE started_at >= getvariable('sessions_from'))
SEMI JOIN reset_sessions USING (session_key);

CREATE OR REPLACE TEMP TABLE candidate_blocks AS
SELECT session_key, session_id, hash, min(started_at) AS started_at, arg_min(call_id, (started_at, call_id)) AS call_id
FROM (SELECT session_key, session_id, started_at, call_id, unnest(hashes) AS hash FROM candidate_contexts)
GROUP BY session_key, session_id, hash;

CREATE OR REPLACE TEMP TABLE candidate_results AS
SELECT session_key, session_id, tool_call_id, occurrence, min(started_at) AS started_at,
       arg_min(block, (started_at, call_id)) AS block
FROM (
    SELECT *, row_number() OVER (PARTITION BY block.call_id, tool_call_id ORDER BY block.position) AS occurrence
    FROM (
        SELECT session_key, session_id, started_at, call_id, tool_call_id,
               struct_pack(call_id, position, hash, bytes := size, error_class) AS block
        FROM (
            SELECT session_key, session_id, started_at, call_id,
                   unnest(range(1, len(hashes) + 1)) AS position, unnest(kinds) AS kind, unnest(hashes) AS hash,
                   unnest(bytes) AS size, unnest(tool_call_ids) AS tool_call_id,
                   nullif(unnest(coalesce(errors, list_transform(hashes, lambda x: ''))), '') AS error_class
            FROM candidate_contexts
            WHERE tool_call_ids IS NOT NULL
        )
        WHERE kind = 'tool_result' AND tool_call_id <> ''
    )
)
GROUP BY session_key, session_id, tool_call_id, occurrence;

DELETE FROM store.first_blocks AS known
USING candidate_blocks AS candidate
WHERE known.started_at >= getvariable('sessions_from')
  AND candidate.session_key = known.session_key AND candidate.session_id = known.session_id
  AND candidate.hash = known.hash
  AND (candidate.started_at, candidate.call_id) < (known.started_at, known.call_id);

INSERT INTO store.first_blocks BY NAME
SELECT candidate.* FROM candidate_blocks AS candidate
ANTI JOIN (
    SELECT session_id, hash FROM (SELECT * FROM store.first_blocks WHERE started_at >= getvariable('sessions_from'))
    SEMI JOIN touched_sessions USING (session_key)
) AS known
       ON known.session_id = candidate.session_id AND known.hash = candidate.hash;

DELETE FROM store.first_results AS known
USING candidate_results AS candidate
WHERE known.started_at >= getvariable('sessions_from')
  AND candidate.session_key = known.session_key AND candidate.session_id = known.session_id
  AND candidate.tool_call_id = known.tool_call_id AND candidate.occurrence = known.occurrence
  AND (candidate.started_at, candidate.block.call_id) < (known.started_at, known.call_id);

INSERT INTO store.first_results BY NAME
SELECT candidate.session_key, candidate.session_id, candidate.tool_call_id, candidate.occurrence, candidate.started_at,
       block.call_id, block.hash, block.bytes, block.error_class
FROM candidate_results AS candidate
ANTI JOIN (
    SELECT * FROM (SELECT * FROM store.first_results WHERE started_at >= getvariable('sessions_from'))
    SEMI JOIN touched_sessions USING (session_key)
) AS known
       ON known.session_id = candidate.session_id AND known.tool_call_id = candidate.tool_call_id
      AND known.occurrence = candidate.occurrence;
