-- What detectors have judged, also where they found nothing.
CREATE OR REPLACE VIEW judgements AS
SELECT detector, partition, state, judged_at
FROM store.judgements;
COMMENT ON VIEW judgements IS 'What detectors have judged, also where they found nothing';
COMMENT ON COLUMN judgements.detector IS 'Which detector';
COMMENT ON COLUMN judgements.partition IS 'What it judged as a whole: a session, a run or trace, an agent';
COMMENT ON COLUMN judgements.state IS 'A hash of what was there to judge, and of the rules; while it is the same, nothing is judged again';
COMMENT ON COLUMN judgements.judged_at IS 'When';
