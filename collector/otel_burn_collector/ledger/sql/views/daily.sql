-- What a day cost: the calls that there are, and the sums of those that retention took.
CREATE OR REPLACE VIEW daily AS
WITH part AS (
    SELECT started_at::DATE AS day, project, agent, provider, coalesce(response_model, request_model) AS model,
           1 AS calls, input_tokens, uncached_input_tokens, cache_read_tokens, cache_write_tokens, output_tokens,
           reasoning_tokens, cost_usd, (cost_status = 'unpriced')::BIGINT AS unpriced_calls
    FROM store.calls
    UNION ALL
    SELECT * FROM store.past_days
)
SELECT day, project, agent, provider, model, sum(calls)::BIGINT AS calls, sum(input_tokens)::BIGINT AS input_tokens,
       sum(uncached_input_tokens)::BIGINT AS uncached_input_tokens, sum(cache_read_tokens)::BIGINT AS cache_read_tokens,
       sum(cache_write_tokens)::BIGINT AS cache_write_tokens, sum(output_tokens)::BIGINT AS output_tokens,
       sum(reasoning_tokens)::BIGINT AS reasoning_tokens, sum(cost_usd)::DECIMAL(38, 12) AS cost_usd,
       sum(unpriced_calls)::BIGINT AS unpriced_calls
FROM part
GROUP BY day, project, agent, provider, model;
COMMENT ON VIEW daily IS 'What a day cost, by project, agent, provider and model; it stays when the calls are purged';
COMMENT ON COLUMN daily.day IS 'UTC, of the call''s start';
COMMENT ON COLUMN daily.model IS 'As the provider names it, else as it was asked for';
COMMENT ON COLUMN daily.cost_usd IS 'Of the priced calls; NULL when none is';
COMMENT ON COLUMN daily.unpriced_calls IS 'Calls that cost something unknown';
COMMENT ON COLUMN daily.project IS 'Directory or repository; NULL when nobody said';
COMMENT ON COLUMN daily.agent IS 'The agent''s name, else the service''s';
COMMENT ON COLUMN daily.provider IS 'Who bills';
COMMENT ON COLUMN daily.calls IS 'Failed calls too';
COMMENT ON COLUMN daily.input_tokens IS 'Everything the models read, cache included';
COMMENT ON COLUMN daily.uncached_input_tokens IS 'Of these, neither served nor stored by a cache';
COMMENT ON COLUMN daily.cache_read_tokens IS 'Of these, served by a cache';
COMMENT ON COLUMN daily.cache_write_tokens IS 'Of these, stored in a cache';
COMMENT ON COLUMN daily.output_tokens IS 'Everything the models wrote, reasoning included';
COMMENT ON COLUMN daily.reasoning_tokens IS 'Of these, reasoning';
