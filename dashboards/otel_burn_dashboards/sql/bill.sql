-- What did each class of tokens cost?
SELECT unnest(['uncached input', 'cache write', 'cache read', 'output', 'fees and the rest']) AS name,
       unnest([sum(uncached_input_tokens)::BIGINT, sum(cache_write_tokens)::BIGINT, sum(cache_read_tokens)::BIGINT,
               sum(output_tokens)::BIGINT, NULL]) AS tokens,
       unnest([sum(uncached_usd)::DECIMAL(38, 12), sum(cache_write_usd)::DECIMAL(38, 12), sum(cache_read_usd)::DECIMAL(38, 12),
               sum(output_usd)::DECIMAL(38, 12),
               (sum(spent_usd) - coalesce(sum(uncached_usd), 0) - coalesce(sum(cache_write_usd), 0)
                - coalesce(sum(cache_read_usd), 0) - coalesce(sum(output_usd), 0))::DECIMAL(38, 12)]) AS cost_usd
FROM spent;
