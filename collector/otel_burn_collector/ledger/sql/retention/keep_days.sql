-- Their sums stay.
INSERT INTO store.past_days
SELECT started_at::DATE, project, agent, provider, coalesce(response_model, request_model), count(*), sum(input_tokens),
       sum(uncached_input_tokens), sum(cache_read_tokens), sum(cache_write_tokens), sum(output_tokens),
       sum(reasoning_tokens), sum(cost_usd), count(*) FILTER (cost_status = 'unpriced')
FROM store.calls
WHERE call_key IN (SELECT call_key FROM doomed_calls)
GROUP BY ALL;
