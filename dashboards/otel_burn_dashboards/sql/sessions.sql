-- Which sessions are there, the most expensive first, and what is the worst finding in each?
WITH found AS (
    SELECT session_id,
           arg_min({tier: tier, detector: detector},
                   (tier = 'warn', -coalesce(wasted_usd_high, 0)))
               AS worst,
           count(*) AS findings
    FROM findings
    GROUP BY session_id
)
SELECT session_id, session_source, agent, project, started_at, ended_at, calls, input_tokens, cache_read_tokens,
       output_tokens, cost_usd, unpriced_calls, worst.tier AS worst_tier,
       worst.detector AS worst_detector, coalesce(findings, 0) AS findings,
       count(*) OVER () AS in_all
FROM sessions
LEFT JOIN found USING (session_id)
WHERE $since::TIMESTAMP IS NULL OR ended_at >= $since::TIMESTAMP
ORDER BY cost_usd DESC NULLS LAST, input_tokens DESC NULLS LAST, session_id
LIMIT $top::BIGINT;
