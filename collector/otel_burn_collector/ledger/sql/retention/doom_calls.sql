-- The next whole sessions that ended before, with their calls and the reports that made them.
CREATE OR REPLACE TEMP TABLE doomed_sessions AS
SELECT session_key, session_id FROM store.sessions
WHERE ended_at < getvariable('purge_before') ORDER BY ended_at LIMIT 500;

CREATE OR REPLACE TEMP TABLE doomed_calls AS
SELECT call_key, call_id FROM store.calls WHERE session_key IN (SELECT session_key FROM doomed_sessions);

CREATE OR REPLACE TEMP TABLE doomed_reports AS
SELECT unit, report_id FROM store.identities WHERE call_id IN (SELECT call_id FROM doomed_calls);

-- Roll-ups have no call: they go with the last call of their trace.
INSERT INTO doomed_reports
SELECT unit, report_id FROM store.reports
WHERE unit IN (SELECT unit FROM doomed_reports)
  AND report_id NOT IN (SELECT report_id FROM store.identities WHERE unit IN (SELECT unit FROM doomed_reports))
  AND unit NOT IN (SELECT unit FROM store.identities WHERE report_id NOT IN (SELECT report_id FROM doomed_reports));
