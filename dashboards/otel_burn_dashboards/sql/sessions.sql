-- Which sessions are there, the most expensive or the newest first, and what is the worst finding in each?
, wanted AS (
    SELECT session_id, sum(calls)::BIGINT AS calls, sum(input_tokens)::BIGINT AS input_tokens,
           sum(cache_read_tokens)::BIGINT AS cache_read_tokens, sum(output_tokens)::BIGINT AS output_tokens,
           sum(spent_usd)::DECIMAL(38, 12) AS cost_usd, sum(unpriced_calls)::BIGINT AS unpriced_calls, max(last_at) AS last_at,
           count(*) OVER () AS in_all
    FROM spent
    GROUP BY session_id
    ORDER BY CASE WHEN $newest::BOOLEAN THEN max(last_at) END DESC NULLS LAST, cost_usd DESC NULLS LAST,
             input_tokens DESC NULLS LAST, session_id
    LIMIT $top::BIGINT
), found AS (
    SELECT session_id, arg_min({tier: tier, detector: detector}, (tier = 'warn', -coalesce(wasted_usd_high, 0))) AS worst
    FROM findings SEMI JOIN wanted USING (session_id)
    WHERE NOT expected
    GROUP BY session_id
)
SELECT wanted.*, session_source, agent, project, started_at, ended_at, worst.tier AS worst_tier, worst.detector AS worst_detector
FROM wanted JOIN sessions USING (session_id) LEFT JOIN found USING (session_id)
ORDER BY CASE WHEN $newest::BOOLEAN THEN last_at END DESC NULLS LAST, cost_usd DESC NULLS LAST,
         wanted.input_tokens DESC NULLS LAST, session_id;
