-- Sum the quarters of an hour of the touched sessions again.
DELETE FROM store.quarters WHERE session_key IN (SELECT session_key FROM touched_sessions);

INSERT INTO store.quarters BY NAME
WITH before AS (
    -- What an earlier turn had sent already: this input, as far as the last one with its answer reached.
    SELECT *, lag(input_tokens + coalesce(output_tokens, 0)) OVER (PARTITION BY session_key, agent_id ORDER BY turn) AS sent
    FROM (SELECT * FROM store.calls WHERE started_at >= getvariable('sessions_from'))
    SEMI JOIN touched_sessions USING (session_key)
), bill AS (
    SELECT *, status IS DISTINCT FROM 'error' AS answered,
           coalesce(input_tokens, 0) + coalesce(output_tokens, 0) AS tokens,
           -- least() of a NULL is the other one.
           CASE WHEN sent IS NOT NULL AND input_tokens IS NOT NULL
                THEN greatest(0, least(input_tokens, sent) - coalesce(cache_read_tokens, 0)) END AS missed,
           list_sum([line.usd FOR line IN cost_lines IF line.unit = 'input_tokens']) AS uncached,
           list_sum([line.usd FOR line IN cost_lines IF starts_with(line.unit, 'cache_read')]) AS cache_read,
           list_sum([line.usd FOR line IN cost_lines IF starts_with(line.unit, 'cache_write')]) AS cache_write,
           list_sum([line.usd FOR line IN cost_lines IF line.unit IN ('output_tokens', 'reasoning_tokens')]) AS wrote
    FROM before
)
SELECT session_key, session_id, time_bucket(INTERVAL 15 MINUTE, started_at::TIMESTAMP, TIMESTAMP '2000-01-01') AS began_at,
       project, agent, work_id, user_id, run_id, service_name, provider, coalesce(response_model, request_model) AS model,
       min(started_at)::TIMESTAMP AS first_at, max(started_at)::TIMESTAMP AS last_at,
       count(*) AS calls, count(*) FILTER (NOT answered) AS failed, sum(attempts) AS attempts,
       count(*) FILTER (answered AND usage_status = 'exact') AS exact_calls,
       count(*) FILTER (answered AND cost_usd IS NOT NULL) AS priced_calls,
       count(*) FILTER (cost_status = 'unpriced') AS unpriced_calls,
       sum(input_tokens) AS input_tokens, sum(uncached_input_tokens) AS uncached_input_tokens,
       sum(cache_read_tokens) AS cache_read_tokens, sum(cache_write_tokens) AS cache_write_tokens,
       sum(output_tokens) AS output_tokens, sum(reasoning_tokens) AS reasoning_tokens,
       sum(tokens) FILTER (usage_status = 'exact') AS exact_tokens,
       sum(tokens) FILTER (cost_status = 'unpriced') AS unpriced_tokens,
       sum(missed) AS missed_tokens,
       -- What was refused costs nothing, which is no price for what was answered.
       sum(cost_usd) FILTER (answered) AS cost_usd,
       sum(uncached) AS uncached_usd, sum(cache_read) AS cache_read_usd, sum(cache_write) AS cache_write_usd,
       sum(wrote) AS output_usd,
       -- At what input beyond the cache cost in the same call.
       sum((coalesce(uncached, 0) + coalesce(cache_write, 0)) * least(1, missed / nullif(input_tokens - coalesce(cache_read_tokens, 0), 0))::DECIMAL(10, 8))::DECIMAL(38, 12) AS missed_usd
FROM bill
WHERE started_at IS NOT NULL
GROUP BY ALL;
