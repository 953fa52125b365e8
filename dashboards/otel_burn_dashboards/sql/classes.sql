-- Which classes of tokens over time? Output without the reasoning that it includes.
SELECT time_bucket(to_seconds($step::DOUBLE), started_at::TIMESTAMP, TIMESTAMP '2000-01-01') AS bucket,
       coalesce(sum(uncached_input_tokens), 0)::BIGINT AS "uncached input",
       coalesce(sum(cache_write_tokens), 0)::BIGINT AS "cache write",
       coalesce(sum(cache_read_tokens), 0)::BIGINT AS "cache read",
       coalesce(sum(output_tokens - coalesce(reasoning_tokens, 0)), 0)::BIGINT AS output,
       coalesce(sum(reasoning_tokens), 0)::BIGINT AS reasoning
FROM llm_calls
WHERE started_at IS NOT NULL AND ($since::TIMESTAMP IS NULL OR started_at >= $since::TIMESTAMP)
GROUP BY ALL
ORDER BY bucket;
