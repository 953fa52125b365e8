-- What was in the context of each turn, by kind, and what of it was new? Averages over $step turns in long sessions.
WITH calls AS (
    SELECT call_id, turn, input_tokens, uncached_input_tokens, cache_read_tokens, cache_write_tokens,
           (turn - 1) // $step::BIGINT * $step::BIGINT + 1 AS from_turn
    FROM llm_calls
    WHERE session_id = $session::VARCHAR AND started_at BETWEEN $from::TIMESTAMP_NS AND $to::TIMESTAMP_NS
),
blocks AS (
    SELECT call_id, kind, first_seen_call_id IS NOT DISTINCT FROM call_id AS fresh, tokens, bytes
    FROM context_blocks
    WHERE session_id = $session::VARCHAR AND session_key = md5_number_lower($session::VARCHAR)
    UNION ALL
    -- A call whose emitter listed no context still has its input, by how the cache served it.
    SELECT call_id, class.kind, NULL, class.tokens, NULL
    FROM (
        SELECT call_id,
               unnest([
                   {kind: 'uncached input', tokens: coalesce(uncached_input_tokens, input_tokens)},
                   {kind: 'cache write', tokens: cache_write_tokens},
                   {kind: 'cache read', tokens: cache_read_tokens}
               ]) AS class
        FROM calls
        ANTI JOIN (SELECT call_id FROM context_blocks
                   WHERE session_id = $session::VARCHAR AND session_key = md5_number_lower($session::VARCHAR)) USING (call_id)
    )
    WHERE class.tokens > 0
),
widths AS (SELECT from_turn, count(*) AS calls FROM calls GROUP BY from_turn)
SELECT from_turn AS turn, kind, fresh,
       sum(tokens) / any_value(widths.calls) AS tokens,
       sum(bytes) / any_value(widths.calls) AS bytes
FROM blocks
JOIN calls USING (call_id)
JOIN widths USING (from_turn)
GROUP BY ALL
ORDER BY turn;
