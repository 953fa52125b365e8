-- What do the calls that have a price add up to, by a name, and how many have none?
, told AS (
    SELECT *, coalesce(input_tokens, 0) + coalesce(output_tokens, 0) AS known,
           coalesce(uncached_input_tokens, input_tokens - coalesce(cache_read_tokens, 0) - coalesce(cache_write_tokens, 0)) AS uncached
    FROM spent
), priced AS (
    -- Where calls with and without a price share a quarter of an hour, their tokens are told apart by amount, not by class.
    SELECT *, CASE WHEN priced_calls = 0 THEN 0 WHEN coalesce(unpriced_tokens, 0) = 0 THEN 1
                   ELSE 1 - unpriced_tokens / known END AS part
    FROM told
)
SELECT name, sum(calls)::BIGINT AS calls, sum(priced_calls)::BIGINT AS priced_calls, sum(unpriced_calls)::BIGINT AS unpriced_calls,
       coalesce(round(sum(part * uncached)), 0)::BIGINT AS uncached_tokens,
       coalesce(round(sum(part * cache_write_tokens)), 0)::BIGINT AS cache_write_tokens,
       coalesce(round(sum(part * cache_read_tokens)), 0)::BIGINT AS cache_read_tokens,
       coalesce(round(sum(part * output_tokens)), 0)::BIGINT AS output_tokens,
       coalesce(sum(uncached_usd), 0)::DECIMAL(38, 12) AS uncached_usd,
       coalesce(sum(cache_write_usd), 0)::DECIMAL(38, 12) AS cache_write_usd,
       coalesce(sum(cache_read_usd), 0)::DECIMAL(38, 12) AS cache_read_usd,
       coalesce(sum(output_usd), 0)::DECIMAL(38, 12) AS output_usd,
       sum(spent_usd)::DECIMAL(38, 12) AS cost_usd
FROM priced
GROUP BY name
ORDER BY cost_usd DESC NULLS LAST, name;
