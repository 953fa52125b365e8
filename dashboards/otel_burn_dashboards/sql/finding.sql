-- One finding with its calls.
SELECT finding_id, detector, tier, session_id, trace_id, agent, work_id, call_ids, first_at, last_at,
       first_detectable_call_id, wasted_tokens, wasted_usd_low, wasted_usd_high, confidence, evidence, fix, expected, note
FROM findings
WHERE finding_id = $finding::VARCHAR;
