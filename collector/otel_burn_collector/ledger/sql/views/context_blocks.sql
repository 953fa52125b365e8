-- A block of a call's context. Stored as lists, one row a call; read by session it unnests only that session.
CREATE OR REPLACE VIEW context_blocks AS
SELECT block.call_id, block.session_id, block.position, block.kind, block.tool_name, block.tool_call_id,
       block.error_class, block.bytes, block.tokens, block.cost_usd, block.hash,
       first.call_id AS first_seen_call_id
FROM (
    SELECT call_id, session_id, session_key,
           unnest(range(1, len(hashes) + 1)) AS position,
           unnest(kinds) AS kind,
           nullif(unnest(coalesce(tools, list_transform(hashes, lambda x: ''))), '') AS tool_name,
           nullif(unnest(coalesce(tool_call_ids, list_transform(hashes, lambda x: ''))), '') AS tool_call_id,
           nullif(unnest(coalesce(errors, list_transform(hashes, lambda x: ''))), '') AS error_class,
           unnest(bytes) AS bytes,
           unnest(coalesce(tokens, list_transform(hashes, lambda x: NULL::BIGINT))) AS tokens,
           unnest(coalesce(costs, list_transform(hashes, lambda x: NULL::DECIMAL(38, 12)))) AS cost_usd,
           unnest(hashes) AS hash
    FROM store.contexts
) AS block
LEFT JOIN store.first_blocks AS first
       ON first.session_key = block.session_key AND first.session_id = block.session_id AND first.hash = block.hash;
COMMENT ON VIEW context_blocks IS 'A block of a call''s context, without its content';
COMMENT ON COLUMN context_blocks.position IS 'In the provider''s prompt order, from 1';
COMMENT ON COLUMN context_blocks.kind IS 'system, tool_definition, user, assistant, tool_call, tool_result, image, document, reasoning';
COMMENT ON COLUMN context_blocks.tokens IS 'The block''s share of the call''s billed input, by bytes; sums to it exactly. An estimate, not a tokenizer';
COMMENT ON COLUMN context_blocks.cost_usd IS 'The block''s share of the input part of the bill, by position: cache reads first, then cache writes, then the rest';
COMMENT ON COLUMN context_blocks.hash IS 'Equal content has an equal hash everywhere';
COMMENT ON COLUMN context_blocks.first_seen_call_id IS 'The first call of the session that sent this content';
