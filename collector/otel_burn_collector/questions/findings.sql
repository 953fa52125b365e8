-- What did the detectors find, the worst first?
-- Findings overlap: never sum them. `otel-burn findings` runs the detectors.
SELECT tier, detector, agent, session_id, evidence, wasted_tokens, wasted_usd_low, wasted_usd_high, fix
FROM findings
WHERE $since::TIMESTAMP IS NULL OR last_at >= $since::TIMESTAMP
ORDER BY tier = 'warn', wasted_usd_high DESC NULLS LAST;
