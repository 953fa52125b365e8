-- A detector's result. Findings overlap and are never summed.
CREATE OR REPLACE VIEW findings AS
SELECT finding_id, detector, tier, session_id, trace_id, agent, work_id, call_ids, span_ids, first_at, last_at,
       first_detectable_call_id, wasted_tokens, wasted_usd_low, wasted_usd_high, confidence, evidence, fix,
       partition, found_at, coalesce(mark.expected, false) AS expected, mark.note AS note
FROM store.findings LEFT JOIN store.marks AS mark USING (finding_id);
COMMENT ON VIEW findings IS 'A detector''s result. Findings overlap: never sum them';
COMMENT ON COLUMN findings.tier IS 'loop or waste: act on it; warn: look at it';
COMMENT ON COLUMN findings.evidence IS 'What repeats, in words and numbers';
COMMENT ON COLUMN findings.finding_id IS 'Stays the same while the finding grows';
COMMENT ON COLUMN findings.detector IS 'Which detector found it';
COMMENT ON COLUMN findings.session_id IS 'NULL when it spans sessions';
COMMENT ON COLUMN findings.trace_id IS 'The trace in which it begins';
COMMENT ON COLUMN findings.agent IS 'Whose calls they are';
COMMENT ON COLUMN findings.work_id IS 'The work item that pays for it; NULL when nobody said';
COMMENT ON COLUMN findings.call_ids IS 'The calls that are part of it, in order';
COMMENT ON COLUMN findings.span_ids IS 'The spans of these calls';
COMMENT ON COLUMN findings.first_at IS 'When it begins (UTC)';
COMMENT ON COLUMN findings.last_at IS 'When its last call began';
COMMENT ON COLUMN findings.first_detectable_call_id IS 'The call at which it could have been stopped';
COMMENT ON COLUMN findings.wasted_tokens IS 'Tokens that bought nothing new';
COMMENT ON COLUMN findings.wasted_usd_low IS 'What that cost at least';
COMMENT ON COLUMN findings.wasted_usd_high IS 'What that cost at most';
COMMENT ON COLUMN findings.confidence IS '0 to 1: how sure the detector is';
COMMENT ON COLUMN findings.fix IS 'What to change';
COMMENT ON COLUMN findings.partition IS 'What was judged as a whole, a session for example; a new run replaces all of it';
COMMENT ON COLUMN findings.found_at IS 'When the detector ran';
COMMENT ON COLUMN findings.expected IS 'Whether somebody marked it as expected; stays when the detector runs again';
COMMENT ON COLUMN findings.note IS 'What that person said to it';
