-- The contexts of the merged calls, each block with its share of the bill. Tokens go by bytes, rounded cumulatively,
-- so that they sum to the input exactly. Money goes by position: the first tokens of a prompt are those that the
-- cache served, then come those that it stored, then the rest. In integer pico-dollars the shares sum exactly, too.
CREATE OR REPLACE TEMP TABLE old_contexts AS
SELECT * FROM (SELECT * FROM store.contexts WHERE started_at >= getvariable('sessions_from'))
SEMI JOIN old_calls USING (call_key);

DELETE FROM store.contexts
WHERE started_at >= getvariable('sessions_from') AND call_key IN (SELECT call_key FROM old_calls);

CREATE OR REPLACE TEMP TABLE new_contexts AS
WITH listed AS (
    SELECT placed.call_id, arg_min(manifest, placed.place) AS m
    FROM placed
    JOIN (
        SELECT * FROM (SELECT * FROM store.manifests WHERE started_at BETWEEN getvariable('touched_from') AND getvariable('touched_to'))
        SEMI JOIN touched USING (unit)
    ) AS manifest USING (report_id)
    WHERE manifest.hashes IS NOT NULL
      AND len(manifest.kinds) = len(manifest.hashes) AND len(manifest.bytes) = len(manifest.hashes)
      AND list_min(manifest.bytes) >= 0 AND len(list_filter(manifest.bytes, lambda size: size IS NULL)) = 0
    GROUP BY placed.call_id
), billed AS (
    SELECT merged.call_id, merged.call_key, merged.session_id, merged.started_at, m,
           merged.input_tokens AS total,
           coalesce(merged.cache_read_tokens, 0) AS read_tokens, coalesce(merged.cache_write_tokens, 0) AS write_tokens,
           merged.uncached_input_tokens AS rest_tokens,
           priced.read_pico, priced.write_pico, priced.rest_pico
    FROM listed JOIN merged USING (call_id) JOIN priced USING (call_id)
), block AS (
    SELECT *, unnest(m.bytes) AS size, unnest(range(1, len(m.bytes) + 1)) AS position FROM billed
), reached AS (
    SELECT *,
           sum(size) OVER (PARTITION BY call_id ORDER BY position) AS upto,
           sum(size) OVER (PARTITION BY call_id) AS all_bytes,
           count(*) OVER (PARTITION BY call_id) AS blocks
    FROM block
), positioned AS (
    -- Blocks without a byte share equally.
    SELECT *, CASE WHEN all_bytes > 0 THEN (total::HUGEINT * upto::HUGEINT + all_bytes::HUGEINT // 2) // all_bytes::HUGEINT
                   ELSE total::HUGEINT * position // blocks END AS until
    FROM reached
), charged AS (
    SELECT *,
           CASE WHEN read_tokens > 0 THEN read_pico * least(until, read_tokens) // read_tokens ELSE 0 END
         + CASE WHEN write_tokens > 0
                THEN write_pico * least(greatest(until - read_tokens, 0), write_tokens) // write_tokens ELSE 0 END
         + CASE WHEN rest_tokens > 0
                THEN rest_pico * least(greatest(until - read_tokens - write_tokens, 0), rest_tokens) // rest_tokens
                ELSE 0 END AS paid
    FROM positioned
), shared AS (
    SELECT call_id, position,
           (until - lag(until, 1, 0::HUGEINT) OVER prompt)::BIGINT AS tokens,
           (paid - lag(paid, 1, 0::HUGEINT) OVER prompt)::DECIMAL(26, 0) * 0.000000000001::DECIMAL(12, 12) AS cost
    FROM charged
    WINDOW prompt AS (PARTITION BY call_id ORDER BY position)
), shares AS (
    SELECT call_id, list(tokens ORDER BY position) AS tokens, list(cost ORDER BY position) AS costs
    FROM shared GROUP BY call_id
)
SELECT billed.call_key, md5_number_lower(billed.session_id) AS session_key, billed.call_id, billed.session_id,
       billed.started_at, m.status, m.kinds, m.hashes, m.bytes,
       CASE WHEN len(m.tools) = len(m.hashes) THEN m.tools END AS tools,
       CASE WHEN len(m.tool_call_ids) = len(m.hashes) THEN m.tool_call_ids END AS tool_call_ids,
       CASE WHEN len(m.errors) = len(m.hashes) THEN m.errors END AS errors,
       CASE WHEN billed.total IS NOT NULL THEN shares.tokens END AS tokens,
       CASE WHEN billed.rest_pico IS NOT NULL THEN shares.costs END AS costs
FROM billed JOIN shares USING (call_id);

INSERT INTO store.contexts BY NAME SELECT * FROM new_contexts;
