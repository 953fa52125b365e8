-- Which content was sent again and again, and what did that cost?
-- Blocks by what all but their first sending cost; cached sendings cost what cached tokens cost.
SELECT hash, any_value(block.kind) AS kind, any_value(block.tool_name) AS tool, any_value(block.session_id) AS a_session,
       count(*) AS times, max(block.bytes) AS bytes,
       sum(block.tokens) FILTER (first_seen_call_id <> block.call_id)::BIGINT AS resent_tokens,
       sum(block.cost_usd) FILTER (first_seen_call_id <> block.call_id) AS resent_usd
FROM context_blocks AS block
GROUP BY hash
HAVING count(*) > 1
ORDER BY resent_usd DESC NULLS LAST, resent_tokens DESC NULLS LAST
LIMIT 100;
