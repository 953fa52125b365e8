-- What do the new reports say of contexts, answers and tool calls?
INSERT INTO store.manifests BY NAME
SELECT unit, report_id, started_at,
       CASE WHEN len(output_kinds) = len(output_hashes) THEN output_kinds END AS output_kinds,
       CASE WHEN len(output_kinds) = len(output_hashes) THEN output_hashes END AS output_hashes,
       CASE WHEN len(output_bytes) = len(output_hashes) THEN output_bytes END AS output_bytes,
       asked_ids, asked_names, asked_hashes, asked_effects, asked_sketches
FROM new_manifests
WHERE asked_names IS NOT NULL OR output_hashes IS NOT NULL;

-- The new lists. One that contradicts itself is none: lists of different length, a size beyond a terabyte, a delta
-- without a base.
CREATE OR REPLACE TEMP TABLE fresh_lists AS
WITH listed AS (
    SELECT * REPLACE (
               CASE WHEN status = 'delta' THEN base_key END AS base_key,
               CASE WHEN status = 'delta' THEN base_blocks ELSE 0 END AS base_blocks,
               CASE WHEN chain_key IS NULL THEN kinds ELSE coalesce(kinds, []) END AS kinds,
               CASE WHEN chain_key IS NULL THEN hashes ELSE coalesce(hashes, []) END AS hashes,
               CASE WHEN chain_key IS NULL THEN bytes ELSE coalesce(bytes, []) END AS bytes
           )
    FROM new_manifests
)
SELECT unit, report_id, started_at, chain_key, base_key, base_blocks, kinds, hashes, bytes,
       CASE WHEN len(tools) = len(hashes) THEN tools END AS tools,
       CASE WHEN len(tool_call_ids) = len(hashes) THEN tool_call_ids END AS tool_call_ids,
       CASE WHEN len(errors) = len(hashes) THEN errors END AS errors,
       CASE WHEN len(sketches) = len(hashes) THEN sketches END AS sketches
FROM listed
WHERE len(kinds) = len(hashes) AND len(bytes) = len(hashes)
  AND coalesce(list_min(bytes) >= 0, true) AND coalesce(list_max(bytes) <= 1_000_000_000_000, true)
  AND len(list_filter(bytes, lambda size: size IS NULL)) = 0
  AND len(list_filter(kinds, lambda kind: kind IS NULL)) = 0
  AND len(list_filter(hashes, lambda hash: hash IS NULL)) = 0
  AND (base_key IS NOT NULL) = coalesce(status = 'delta', false)
  AND base_blocks BETWEEN 0 AND 1_000_000_000
  AND coalesce(blocks = base_blocks + len(hashes), true);

-- The lists that waited for one of the new ones, or for one that did: placed again. A list that says again what one
-- says that waits itself helps nobody: agents that ask the same each hour would have all they ever asked placed again.
CREATE OR REPLACE TEMP TABLE unblocked AS
WITH RECURSIVE reached(report_id, chain_key) AS (
    SELECT report_id, chain_key FROM fresh_lists
    ANTI JOIN store.waiting USING (chain_key, base_key, base_blocks)
    WHERE chain_key IS NOT NULL
    UNION
    SELECT waiting.report_id, waiting.chain_key
    FROM reached JOIN store.waiting ON waiting.base_key = reached.chain_key
)
SELECT * FROM store.waiting SEMI JOIN reached USING (report_id);

CREATE OR REPLACE TEMP TABLE listings AS
FROM fresh_lists UNION ALL BY NAME FROM unblocked;

-- A node's key sums a number for each block and its position: any list that begins alike has the same. The tool of
-- a result is left out, as a list may leave it to the tool call before it.
CREATE OR REPLACE TEMP TABLE own_blocks AS
SELECT *,
       (sum(term::HUGEINT) OVER prompt % 18446744073709551616::HUGEINT)::UBIGINT AS own_sum,
       (sum(bytes) OVER prompt)::BIGINT AS own_upto
FROM (
    SELECT *, md5_number_lower(concat_ws(chr(31), position, kind, hash, bytes,
                                         CASE WHEN kind = 'tool_result' THEN '' ELSE coalesce(tool_name, '') END,
                                         coalesce(tool_call_id, ''), coalesce(error_class, ''))) AS term
    FROM (
        SELECT report_id, started_at AS listed_at, base_blocks + unnest(range(1, len(hashes) + 1)) AS position,
               unnest(kinds) AS kind, unnest(hashes) AS hash, unnest(bytes) AS bytes,
               nullif(unnest(coalesce(tools, list_transform(hashes, lambda x: ''))), '') AS tool_name,
               nullif(unnest(coalesce(tool_call_ids, list_transform(hashes, lambda x: ''))), '') AS tool_call_id,
               nullif(unnest(coalesce(errors, list_transform(hashes, lambda x: ''))), '') AS error_class,
               nullif(unnest(coalesce(sketches, list_transform(hashes, lambda x: ''))), '') AS sketch
        FROM listings
    )
)
WINDOW prompt AS (PARTITION BY report_id ORDER BY position);
