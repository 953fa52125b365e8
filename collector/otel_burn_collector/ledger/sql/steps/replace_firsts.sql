-- Where does each touched session show a block, or the result of a tool call, first? A branch's blocks come one after
-- the other, so a call shows first what lies beyond all that the session's earlier calls reached in that branch.
CREATE OR REPLACE TEMP TABLE first_shown AS
WITH part AS (
    SELECT session_key, session_id, started_at, call_id, unnest(context_parts, recursive := true)
    FROM (SELECT session_key, session_id, started_at, call_id, context_parts FROM store.calls
          WHERE started_at >= getvariable('sessions_from'))
    SEMI JOIN touched_sessions USING (session_key)
), reached AS (
    SELECT *, max("last") OVER (
               PARTITION BY session_key, session_id, branch, "first" ORDER BY started_at, call_id
               ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
           ) AS known
    FROM part
), stretch AS (
    SELECT * EXCLUDE (begin), unnest(range(begin >> 6, ("last" >> 6) + 1)) AS bucket
    FROM (SELECT *, coalesce(known + 1, "first") AS begin FROM reached WHERE known IS NULL OR "last" > known)
)
SELECT stretch.session_key, stretch.session_id, stretch.started_at, stretch.call_id,
       block.kind, block.hash, block.bytes, block.tool_call_id, block.occurrence, block.error_class, block.sketch
FROM stretch
JOIN store.blocks AS block
  ON block.branch = stretch.branch AND block.position >> 6 = stretch.bucket
 AND block.position BETWEEN coalesce(stretch.known + 1, stretch."first") AND stretch."last";

CREATE OR REPLACE TEMP TABLE current_blocks AS
SELECT session_key, session_id, hash, min(started_at) AS started_at, arg_min(call_id, (started_at, call_id)) AS call_id
FROM first_shown
GROUP BY session_key, session_id, hash;

CREATE OR REPLACE TEMP TABLE known_blocks AS
SELECT * FROM (SELECT * FROM store.first_blocks WHERE started_at >= getvariable('sessions_from'))
SEMI JOIN touched_sessions USING (session_key);

DELETE FROM store.first_blocks AS known
USING (FROM known_blocks EXCEPT FROM current_blocks) AS stale
WHERE known.started_at >= getvariable('sessions_from')
  AND known.session_key = stale.session_key AND known.session_id = stale.session_id AND known.hash = stale.hash;
INSERT INTO store.first_blocks BY NAME (FROM current_blocks EXCEPT FROM known_blocks);

CREATE OR REPLACE TEMP TABLE current_results AS
SELECT session_key, session_id, tool_call_id, occurrence, result.*
FROM (
    SELECT session_key, session_id, tool_call_id, occurrence,
           arg_min({started_at: started_at, call_id: call_id, hash: hash, bytes: bytes, error_class: error_class,
                    sketch: sketch},
                   (started_at, call_id)) AS result
    FROM first_shown
    WHERE occurrence IS NOT NULL
    GROUP BY session_key, session_id, tool_call_id, occurrence
);

CREATE OR REPLACE TEMP TABLE known_results AS
SELECT * FROM (SELECT * FROM store.first_results WHERE started_at >= getvariable('sessions_from'))
SEMI JOIN touched_sessions USING (session_key);

DELETE FROM store.first_results AS known
USING (FROM known_results EXCEPT FROM current_results) AS stale
WHERE known.started_at >= getvariable('sessions_from')
  AND known.session_key = stale.session_key AND known.session_id = stale.session_id
  AND known.tool_call_id = stale.tool_call_id AND known.occurrence = stale.occurrence;
INSERT INTO store.first_results BY NAME (FROM current_results EXCEPT FROM known_results);
