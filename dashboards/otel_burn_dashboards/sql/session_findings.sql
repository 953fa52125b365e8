-- What did the detectors say of a session?
SELECT finding_id, detector, tier, session_id, agent, call_ids, first_at, last_at, wasted_tokens, wasted_usd_low,
       wasted_usd_high, confidence, evidence, fix, expected, first_detectable_call_id
FROM findings
WHERE session_id = $session::VARCHAR
ORDER BY expected, tier = 'warn', wasted_usd_high DESC NULLS LAST, wasted_tokens DESC NULLS LAST, finding_id;
