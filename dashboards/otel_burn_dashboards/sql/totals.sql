-- What do the calls in scope add up to? One row.
SELECT coalesce(sum(calls), 0)::BIGINT AS calls, coalesce(sum(failed), 0)::BIGINT AS failed,
       count(DISTINCT session_id) AS sessions, min(first_at) AS first_at, max(last_at) AS last_at,
       coalesce(sum(exact_calls), 0)::BIGINT AS exact_calls, coalesce(sum(priced_calls), 0)::BIGINT AS priced_calls,
       coalesce(sum(unpriced_calls), 0)::BIGINT AS unpriced_calls,
       sum(input_tokens)::BIGINT AS input_tokens, sum(cache_read_tokens)::BIGINT AS cache_read_tokens,
       sum(output_tokens)::BIGINT AS output_tokens,
       (coalesce(sum(input_tokens), 0) + coalesce(sum(output_tokens), 0))::BIGINT AS known_tokens,
       coalesce(sum(exact_tokens), 0)::BIGINT AS exact_tokens, coalesce(sum(unpriced_tokens), 0)::BIGINT AS unpriced_tokens,
       sum(missed_tokens)::BIGINT AS missed_tokens, sum(spent_usd)::DECIMAL(38, 12) AS cost_usd,
       sum(missed_usd)::DECIMAL(38, 12) AS missed_usd
FROM spent;
