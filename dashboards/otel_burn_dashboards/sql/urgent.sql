-- What should be fixed first?
SELECT finding_id, detector, tier, session_id, agent, first_at, last_at, wasted_tokens, wasted_usd_low, wasted_usd_high,
       confidence, evidence, fix, count(*) OVER () AS in_all
FROM findings
WHERE NOT expected
  AND ($agents::VARCHAR[] IS NULL OR list_contains($agents::VARCHAR[], agent))
  AND ($sessions::VARCHAR[] IS NULL OR list_contains($sessions::VARCHAR[], session_id))
  AND ($since::TIMESTAMP IS NULL OR last_at >= $since::TIMESTAMP) AND ($until::TIMESTAMP IS NULL OR first_at < $until::TIMESTAMP)
ORDER BY tier = 'warn', wasted_usd_high DESC NULLS LAST, wasted_tokens DESC NULLS LAST, finding_id
LIMIT $top::BIGINT;
