-- What did each work item cost?
-- The line without a work item is what nobody can be asked about.
SELECT work_id, count(DISTINCT session_id) AS sessions, count(*) AS calls, count(DISTINCT agent) AS agents,
       min(started_at) AS first_at, max(started_at) AS last_at, sum(cost_usd) AS usd,
       round(100 * sum(cost_usd)::DOUBLE / nullif(sum(sum(cost_usd)) OVER (), 0)::DOUBLE, 1) AS percent
FROM llm_calls
WHERE $since::TIMESTAMP IS NULL OR started_at >= $since::TIMESTAMP
GROUP BY work_id
ORDER BY usd DESC NULLS LAST, calls DESC;
