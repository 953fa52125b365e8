-- How much of the output does nobody see?
-- Reasoning is billed as output.
SELECT agent, coalesce(response_model, request_model) AS model, count(*) AS calls, sum(output_tokens)::BIGINT AS output,
       sum(reasoning_tokens)::BIGINT AS reasoning,
       round(100 * sum(reasoning_tokens) / nullif(sum(output_tokens), 0), 1) AS reasoning_percent
FROM llm_calls
WHERE reasoning_tokens IS NOT NULL AND ($since::TIMESTAMP IS NULL OR started_at >= $since::TIMESTAMP)
GROUP BY ALL
ORDER BY reasoning DESC;
