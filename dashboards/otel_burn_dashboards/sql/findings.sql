-- Which findings are there, the most urgent first?
SELECT finding_id, detector, tier, session_id, trace_id, agent, work_id, len(call_ids) AS calls, first_at, last_at,
       wasted_tokens, wasted_usd_low, wasted_usd_high, confidence, evidence, fix, expected, note,
       count(*) OVER () AS in_all
FROM findings
WHERE expected = $expected::BOOLEAN
  AND ($tier::VARCHAR IS NULL OR tier = $tier::VARCHAR) AND ($detector::VARCHAR IS NULL OR detector = $detector::VARCHAR)
  AND ($agents::VARCHAR[] IS NULL OR list_contains($agents::VARCHAR[], agent))
  AND ($sessions::VARCHAR[] IS NULL OR list_contains($sessions::VARCHAR[], session_id))
  AND ($since::TIMESTAMP IS NULL OR last_at >= $since::TIMESTAMP) AND ($until::TIMESTAMP IS NULL OR first_at < $until::TIMESTAMP)
ORDER BY tier = 'warn', wasted_usd_high DESC NULLS LAST, wasted_tokens DESC NULLS LAST, finding_id
LIMIT $top::BIGINT;
