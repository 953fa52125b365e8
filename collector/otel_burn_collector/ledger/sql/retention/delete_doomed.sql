-- Everything that is of the doomed reports, calls and sessions.
DELETE FROM store.reports WHERE report_id IN (SELECT report_id FROM doomed_reports);
DELETE FROM store.manifests WHERE report_id IN (SELECT report_id FROM doomed_reports);
DELETE FROM store.lists WHERE report_id IN (SELECT report_id FROM doomed_reports);
DELETE FROM store.waiting WHERE report_id IN (SELECT report_id FROM doomed_reports);
DELETE FROM store.links WHERE report_id IN (SELECT report_id FROM doomed_reports);
DELETE FROM store.identities WHERE report_id IN (SELECT report_id FROM doomed_reports);
DELETE FROM store.aliases WHERE call_id IN (SELECT call_id FROM doomed_calls);
DELETE FROM store.calls WHERE call_key IN (SELECT call_key FROM doomed_calls);
DELETE FROM store.attempts WHERE call_key IN (SELECT call_key FROM doomed_calls);
DELETE FROM store.threads WHERE call_key IN (SELECT call_key FROM doomed_calls);
DELETE FROM store.tool_calls WHERE call_key IN (SELECT call_key FROM doomed_calls);
DELETE FROM store.sessions WHERE session_key IN (SELECT session_key FROM doomed_sessions);
DELETE FROM store.first_blocks WHERE session_key IN (SELECT session_key FROM doomed_sessions);
DELETE FROM store.first_results WHERE session_key IN (SELECT session_key FROM doomed_sessions);
DELETE FROM store.tool_runs WHERE session_key IN (SELECT session_key FROM doomed_sessions);
DELETE FROM store.findings WHERE session_id IN (SELECT session_id FROM doomed_sessions);
DELETE FROM store.judgements WHERE partition IN (SELECT session_id FROM doomed_sessions);
