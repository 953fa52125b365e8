-- Which units make up the bill?
-- Input, output, cache reads and writes, each at its rate.
SELECT line.unit, count(*) AS calls, sum(line.quantity)::BIGINT AS quantity, sum(line.usd) AS usd
FROM (
    SELECT unnest(cost_lines) AS line
    FROM llm_calls
    WHERE $since::TIMESTAMP IS NULL OR started_at >= $since::TIMESTAMP
)
GROUP BY ALL
ORDER BY usd DESC NULLS LAST;
