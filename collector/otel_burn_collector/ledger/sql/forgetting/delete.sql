-- As received, and what remains of it: keys that say only that something was here.
INSERT INTO store.forgotten_traces SELECT trace_key FROM doomed_traces;
INSERT INTO store.past_logs SELECT md5_number_lower(log_id), logged_at FROM doomed_logs;
DELETE FROM store.otlp_spans WHERE md5_number_lower(trace_id) IN (SELECT trace_key FROM doomed_traces);
DELETE FROM store.otlp_logs WHERE log_id IN (SELECT log_id FROM doomed_logs);
DELETE FROM store.otlp_metrics
WHERE list_contains(list_transform(getvariable('naming'), lambda key: coalesce(attributes[key], resource[key])), getvariable('forget_value'));
DELETE FROM store.spoken WHERE unit IN (SELECT trace_key FROM doomed_traces);
DELETE FROM store.lineage WHERE trace_key IN (SELECT trace_key FROM doomed_traces);
DELETE FROM store.marks WHERE finding_id IN (
    SELECT finding_id FROM store.findings WHERE list_has_any(call_ids, (SELECT list(call_id) FROM doomed_calls)));
DELETE FROM store.findings WHERE list_has_any(call_ids, (SELECT list(call_id) FROM doomed_calls));
-- They name sessions and agents, and cost only that detectors judge again.
DELETE FROM store.judgements;
DELETE FROM store.past_days WHERE getvariable('forget_field') = 'project' AND project = getvariable('forget_value');
