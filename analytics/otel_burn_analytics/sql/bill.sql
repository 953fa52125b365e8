-- Which units of the price list were the dollars paid for?
SELECT line.unit AS unit, sum(line.quantity)::BIGINT AS quantity, sum(line.usd) AS usd
FROM (
    SELECT unnest(cost_lines) AS line
    FROM llm_calls
    WHERE ($run::VARCHAR IS NULL OR run_id = $run::VARCHAR)
      AND ($since::TIMESTAMP IS NULL OR started_at >= $since::TIMESTAMP)
)
GROUP BY ALL
ORDER BY usd DESC, unit;
