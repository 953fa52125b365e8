-- A detector's result. Findings overlap and are never summed.
CREATE OR REPLACE VIEW findings AS
SELECT finding_id, detector, tier, session_id, trace_id, agent, work_id, call_ids, span_ids, first_at, last_at,
       first_detectable_call_id, wasted_tokens, wasted_usd_low, wasted_usd_high, confidence, evidence, fix,
       partition, found_at
FROM store.findings;
COMMENT ON VIEW findings IS 'A detector''s result. Findings overlap: never sum them';
COMMENT ON COLUMN findings.tier IS 'loop or waste: act on it; warn: look at it';
COMMENT ON COLUMN findings.evidence IS 'What repeats, in words and numbers';
