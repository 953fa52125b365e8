-- Which classes of tokens over time? Output without the reasoning that it includes.
, edges AS (SELECT unnest($edges::TIMESTAMP[]) AS bucket)
SELECT bucket,
       coalesce(sum(uncached_input_tokens), 0)::BIGINT AS "uncached input",
       coalesce(sum(cache_write_tokens), 0)::BIGINT AS "cache write",
       coalesce(sum(cache_read_tokens), 0)::BIGINT AS "cache read",
       coalesce(sum(output_tokens - coalesce(reasoning_tokens, 0)), 0)::BIGINT AS output,
       coalesce(sum(reasoning_tokens), 0)::BIGINT AS reasoning
FROM spent
ASOF JOIN edges ON spent.began_at >= edges.bucket
GROUP BY ALL
ORDER BY bucket;
