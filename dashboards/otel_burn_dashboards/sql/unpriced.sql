-- Which models have tokens without a price?
SELECT coalesce(model, 'unknown model') AS model, sum(unpriced_calls)::BIGINT AS calls,
       coalesce(sum(unpriced_tokens), 0)::BIGINT AS tokens
FROM spent
GROUP BY ALL
HAVING sum(unpriced_calls) > 0
ORDER BY tokens DESC, calls DESC, model;
