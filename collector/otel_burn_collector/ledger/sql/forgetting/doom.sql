-- What is the subject's? Its calls, the spans and log records that name it, and everything in the traces of any of them.
SET VARIABLE naming = (
    SELECT list(DISTINCT attribute) FROM (
        SELECT attribute FROM store.dialect_fields
        WHERE field = CASE getvariable('forget_field') WHEN 'user' THEN 'user_id' WHEN 'session' THEN 'session_id' ELSE 'project' END
        UNION ALL
        SELECT unnest(CASE getvariable('forget_field')
                      WHEN 'user' THEN ['user.id', 'enduser.id']
                      WHEN 'session' THEN ['session.id', 'gen_ai.conversation.id']
                      ELSE ['burn.project'] END)
    )
);

CREATE OR REPLACE TEMP TABLE named_logs AS
SELECT log_id, trace_id, logged_at FROM store.otlp_logs
WHERE list_contains(list_transform(getvariable('naming'), lambda key: coalesce(attributes[key], resource[key])), getvariable('forget_value'));

CREATE OR REPLACE TEMP TABLE doomed_traces AS
SELECT md5_number_lower(trace_id) AS trace_key FROM store.calls
WHERE trace_id IS NOT NULL
  AND CASE getvariable('forget_field') WHEN 'user' THEN user_id WHEN 'session' THEN session_id ELSE project END = getvariable('forget_value')
UNION
SELECT md5_number_lower(trace_id) FROM store.otlp_spans
WHERE list_contains(list_transform(getvariable('naming'), lambda key: coalesce(attributes[key], resource[key])), getvariable('forget_value'))
UNION
SELECT md5_number_lower(trace_id) FROM named_logs WHERE trace_id IS NOT NULL;

CREATE OR REPLACE TEMP TABLE doomed_logs AS
SELECT log_id, logged_at FROM named_logs
UNION
SELECT log_id, logged_at FROM store.otlp_logs WHERE md5_number_lower(trace_id) IN (SELECT trace_key FROM doomed_traces);

-- Calls that only log records without a trace reported, too.
CREATE OR REPLACE TEMP TABLE doomed_reports AS
SELECT unit, report_id FROM store.reports
WHERE unit IN (SELECT trace_key FROM doomed_traces)
   OR report_id IN (SELECT log_id FROM doomed_logs)
   OR report_id IN (
       SELECT report_id FROM store.identities WHERE call_id IN (
           SELECT call_id FROM store.calls
           WHERE CASE getvariable('forget_field') WHEN 'user' THEN user_id WHEN 'session' THEN session_id ELSE project END = getvariable('forget_value')));

CREATE OR REPLACE TEMP TABLE doomed_calls AS
SELECT call_key, call_id, session_key, session_id FROM store.calls
WHERE call_id IN (SELECT call_id FROM store.identities WHERE report_id IN (SELECT report_id FROM doomed_reports));

-- Sessions of others that some of these calls were in are derived again.
CREATE OR REPLACE TEMP TABLE doomed_sessions AS
SELECT DISTINCT session_key, session_id FROM doomed_calls;

CREATE OR REPLACE TEMP TABLE seeds AS
SELECT unit, report_id, started_at, false AS is_new FROM store.identities WHERE call_id IN (
    SELECT call_id FROM store.calls
    WHERE session_key IN (SELECT session_key FROM doomed_sessions) AND call_id NOT IN (SELECT call_id FROM doomed_calls)
);
