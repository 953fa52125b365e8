-- A block of a call's context. Stored once for all contexts that begin alike; read by call or by session, only that
-- call's or session's parts are looked up. Shares are cumulative, so that they sum exactly: the tokens of a prompt up
-- to a block go by bytes; the first tokens are those that the cache served, then come those that it stored, then the
-- rest, each in pico-dollars.
CREATE OR REPLACE VIEW context_blocks AS
WITH part AS (
    SELECT call_id, session_id, session_key, started_at, input_tokens AS total,
           coalesce(cache_read_tokens, 0) AS read_tokens, coalesce(cache_write_tokens, 0) AS write_tokens,
           uncached_input_tokens AS rest_tokens, input_pico AS pico, context_blocks AS blocks,
           context_bytes AS all_bytes, context_status AS status, unnest(context_parts) AS part
    FROM store.calls
), bucket AS (
    -- Whole branches would be compared with every call that shares a beginning of theirs.
    SELECT *, part.branch AS branch, unnest(range(part."first" >> 6, (part."last" >> 6) + 1)) AS bucket FROM part
), positioned AS (
    -- Blocks without a byte share equally.
    SELECT call.*, block.position, block.kind, block.tool_name, block.tool_call_id, block.error_class, block.bytes,
           block.hash, block.sketch,
           CASE WHEN call.status = 'partial' THEN NULL
                WHEN all_bytes > 0
                THEN (total::HUGEINT * (block.upto - block.bytes) + all_bytes // 2) // all_bytes
                ELSE total::HUGEINT * (block.position - 1) // blocks END AS since,
           CASE WHEN call.status = 'partial' THEN NULL
                WHEN all_bytes > 0 THEN (total::HUGEINT * block.upto + all_bytes // 2) // all_bytes
                ELSE total::HUGEINT * block.position // blocks END AS until
    FROM bucket AS call
    JOIN store.blocks AS block
      ON block.branch = call.branch AND block.position >> 6 = call.bucket
     AND block.position BETWEEN call.part."first" AND call.part."last"
)
SELECT block.call_id, block.session_id, block.position, block.kind, block.tool_name, block.tool_call_id,
       block.error_class, block.bytes, (block.until - block.since)::BIGINT AS tokens,
       CASE WHEN pico IS NOT NULL AND until IS NOT NULL THEN
           (CASE WHEN read_tokens > 0
                 THEN pico.read * least(until, read_tokens) // read_tokens
                    - pico.read * least(since, read_tokens) // read_tokens ELSE 0 END
          + CASE WHEN write_tokens > 0
                 THEN pico.write * least(greatest(until - read_tokens, 0), write_tokens) // write_tokens
                    - pico.write * least(greatest(since - read_tokens, 0), write_tokens) // write_tokens ELSE 0 END
          + CASE WHEN rest_tokens > 0
                 THEN pico.rest * least(greatest(until - read_tokens - write_tokens, 0), rest_tokens) // rest_tokens
                    - pico.rest * least(greatest(since - read_tokens - write_tokens, 0), rest_tokens) // rest_tokens
                 ELSE 0 END)::DECIMAL(26, 0) * 0.000000000001::DECIMAL(12, 12)
       END AS cost_usd,
       block.hash, first.call_id AS first_seen_call_id, block.sketch
FROM positioned AS block
LEFT JOIN store.first_blocks AS first
       ON first.session_key = block.session_key AND first.session_id = block.session_id AND first.hash = block.hash;
COMMENT ON VIEW context_blocks IS 'A block of a call''s context, without its content';
COMMENT ON COLUMN context_blocks.position IS 'In the provider''s prompt order, from 1; a partial context (see llm_calls.context_status) lacks the first ones';
COMMENT ON COLUMN context_blocks.kind IS 'system, tool_definition, user, assistant, tool_call, tool_result, image, document, reasoning';
COMMENT ON COLUMN context_blocks.tool_name IS 'Of a tool result also by the tool call before it with its id';
COMMENT ON COLUMN context_blocks.tokens IS 'The block''s share of the call''s billed input, by bytes; sums to it exactly. An estimate, not a tokenizer. NULL in a partial context';
COMMENT ON COLUMN context_blocks.cost_usd IS 'The block''s share of the input part of the bill, by position: cache reads first, then cache writes, then the rest';
COMMENT ON COLUMN context_blocks.hash IS 'Equal content has an equal hash everywhere';
COMMENT ON COLUMN context_blocks.first_seen_call_id IS 'The first call of the session that sent this content';
COMMENT ON COLUMN context_blocks.sketch IS 'Of a tool result: up to 16 groups of 4 hex digits; results are as alike as the share of groups they have in common';
