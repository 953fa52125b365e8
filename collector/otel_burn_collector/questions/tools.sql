-- Which tools are called most, fail most, and fill the context?
-- `carried_usd` is what their results cost in every context that carried them.
WITH carried AS (
    SELECT tool_name, sum(tokens)::BIGINT AS tokens, sum(cost_usd) AS usd
    FROM context_blocks
    WHERE kind = 'tool_result'
    GROUP BY ALL
)
SELECT call.tool_name, count(*) AS calls, count(error_class) AS failed, sum(result_bytes)::BIGINT AS result_bytes,
       any_value(carried.tokens) AS carried_tokens, any_value(carried.usd) AS carried_usd
FROM tool_calls AS call
LEFT JOIN carried ON carried.tool_name = call.tool_name
WHERE $since::TIMESTAMP IS NULL OR started_at >= $since::TIMESTAMP
GROUP BY ALL
ORDER BY carried_usd DESC NULLS LAST, calls DESC;
