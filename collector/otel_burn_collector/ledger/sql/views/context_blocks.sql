-- A block of a call's context. Stored once for all contexts that begin alike; read by call or by session, only that
-- call's or session's parts are looked up. Shares are cumulative, so that they sum exactly: the tokens of a prompt up
-- to a block go by bytes; the first tokens are those that the cache served, then come those that it stored, then the
-- rest, each in pico-dollars.
CREATE OR REPLACE VIEW context_blocks AS
WITH part AS (
    SELECT call_id, session_id, session_key, started_at, input_tokens AS total,
           coalesce(cache_read_tokens, 0) AS read_tokens, coalesce(cache_write_tokens, 0) AS write_tokens,
           coalesce(uncached_input_tokens, 0) AS rest_tokens, input_pico AS pico, context_blocks AS blocks,
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
                WHEN all_bytes = 0 THEN (total::HUGEINT * (block.position - 1) // blocks)::BIGINT
                WHEN total::DOUBLE * all_bytes < 4e18 THEN (total * (block.upto - block.bytes) + all_bytes // 2) // all_bytes
                ELSE ((total::HUGEINT * (block.upto - block.bytes) + all_bytes // 2) // all_bytes)::BIGINT END AS since,
           CASE WHEN call.status = 'partial' THEN NULL
                WHEN all_bytes = 0 THEN (total::HUGEINT * block.position // blocks)::BIGINT
                WHEN total::DOUBLE * all_bytes < 4e18 THEN (total * block.upto + all_bytes // 2) // all_bytes
                ELSE ((total::HUGEINT * block.upto + all_bytes // 2) // all_bytes)::BIGINT END AS until
    FROM bucket AS call
    JOIN store.blocks AS block
      ON block.branch = call.branch AND block.position >> 6 = call.bucket
     AND block.position BETWEEN call.part."first" AND call.part."last"
), charged AS (
    -- The last token of a stretch pays what is left of it, so that rounding before it does not matter.
    SELECT *,
           CASE WHEN since <= 0 OR read_tokens = 0 THEN 0 WHEN since >= read_tokens THEN pico.read
                ELSE round(pico.read::DOUBLE * (since) / read_tokens)::HUGEINT END
         + CASE WHEN since - read_tokens <= 0 OR write_tokens = 0 THEN 0 WHEN since - read_tokens >= write_tokens THEN pico.write
                ELSE round(pico.write::DOUBLE * (since - read_tokens) / write_tokens)::HUGEINT END
         + CASE WHEN since - read_tokens - write_tokens <= 0 OR rest_tokens = 0 THEN 0 WHEN since - read_tokens - write_tokens >= rest_tokens THEN pico.rest
                ELSE round(pico.rest::DOUBLE * (since - read_tokens - write_tokens) / rest_tokens)::HUGEINT END AS paid_since,
           CASE WHEN until <= 0 OR read_tokens = 0 THEN 0 WHEN until >= read_tokens THEN pico.read
                ELSE round(pico.read::DOUBLE * (until) / read_tokens)::HUGEINT END
         + CASE WHEN until - read_tokens <= 0 OR write_tokens = 0 THEN 0 WHEN until - read_tokens >= write_tokens THEN pico.write
                ELSE round(pico.write::DOUBLE * (until - read_tokens) / write_tokens)::HUGEINT END
         + CASE WHEN until - read_tokens - write_tokens <= 0 OR rest_tokens = 0 THEN 0 WHEN until - read_tokens - write_tokens >= rest_tokens THEN pico.rest
                ELSE round(pico.rest::DOUBLE * (until - read_tokens - write_tokens) / rest_tokens)::HUGEINT END AS paid_until
    FROM positioned
)
SELECT block.call_id, block.session_id, block.position, block.kind, block.tool_name, block.tool_call_id,
       block.error_class, block.bytes, block.until - block.since AS tokens,
       CASE WHEN pico IS NOT NULL AND until IS NOT NULL
            THEN (paid_until - paid_since)::DECIMAL(26, 0) * 0.000000000001::DECIMAL(12, 12) END AS cost_usd,
       block.hash, first.call_id AS first_seen_call_id, block.sketch, block.session_key
FROM charged AS block
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
COMMENT ON COLUMN context_blocks.call_id IS 'The call whose context it is part of';
COMMENT ON COLUMN context_blocks.session_id IS 'That call''s session';
COMMENT ON COLUMN context_blocks.session_key IS 'md5_number_lower(session_id): asked for as well, a session of a large ledger is found in half the time';
COMMENT ON COLUMN context_blocks.tool_call_id IS 'Of tool calls and results';
COMMENT ON COLUMN context_blocks.error_class IS 'Of a tool result: how the tool failed; NULL when it succeeded or nothing is known';
COMMENT ON COLUMN context_blocks.bytes IS 'Of its content as UTF-8';
