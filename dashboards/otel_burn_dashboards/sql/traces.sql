-- Which traces are there with calls in scope, the most expensive first? Their sessions are counted for these alone.
, dearest AS (
    SELECT trace_id, min(started_at) AS started_at, any_value(agent) AS agent, count(*) AS calls,
           sum(cost_usd)::DECIMAL(38, 12) AS cost_usd
    FROM spent
    WHERE trace_id IS NOT NULL
    GROUP BY trace_id
    ORDER BY cost_usd DESC NULLS LAST, calls DESC, trace_id
    LIMIT $top::BIGINT
)
SELECT dearest.*, sessions
FROM dearest JOIN (
    SELECT trace_id, count(DISTINCT session_id) AS sessions
    FROM llm_calls SEMI JOIN dearest USING (trace_id)
    GROUP BY trace_id
) USING (trace_id)
ORDER BY cost_usd DESC NULLS LAST, calls DESC, trace_id;
