-- What did the calls in scope add up to? One row.
SELECT count(*) AS calls,
       count(*) FILTER (status = 'error') AS failed,
       count(*) FILTER (status = 'cancelled') AS cancelled,
       sum(attempts)::BIGINT AS attempts,
       count(DISTINCT session_id) AS sessions,
       count(DISTINCT agent) AS agents,
       min(started_at)::TIMESTAMP AS first_at,
       max(started_at)::TIMESTAMP AS last_at,
       sum(input_tokens)::BIGINT AS input_tokens,
       sum(uncached_input_tokens)::BIGINT AS uncached_input_tokens,
       sum(cache_read_tokens)::BIGINT AS cache_read_tokens,
       sum(cache_write_tokens)::BIGINT AS cache_write_tokens,
       sum(output_tokens)::BIGINT AS output_tokens,
       sum(reasoning_tokens)::BIGINT AS reasoning_tokens,
       -- A refused call costs nothing, which is known; beside unpriced ones alone it must not make a sum of $0.
       CASE WHEN bool_or(cost_status = 'unpriced') THEN sum(cost_usd) FILTER (cost_status <> 'not_metered')
            ELSE sum(cost_usd) END AS cost_usd,
       -- A refused request bills nothing, so coverage is of the calls that a model answered.
       count(*) FILTER (status IS DISTINCT FROM 'error') AS answered,
       count(*) FILTER (usage_status = 'exact' AND status IS DISTINCT FROM 'error') AS exact_calls,
       sum(coalesce(input_tokens, 0) + coalesce(output_tokens, 0))::BIGINT AS known_tokens,
       sum(coalesce(input_tokens, 0) + coalesce(output_tokens, 0)) FILTER (usage_status = 'exact')::BIGINT
           AS exact_tokens,
       count(*) FILTER (cost_usd IS NOT NULL AND status IS DISTINCT FROM 'error') AS priced_calls
FROM llm_calls
WHERE ($run::VARCHAR IS NULL OR run_id = $run::VARCHAR)
  AND ($since::TIMESTAMP IS NULL OR started_at >= $since::TIMESTAMP);
