-- OTLP as received: one row a span, a log record, a data point.
-- `at`, the name in the batch, is a reserved word of DuckDB 2; ad-hoc SQL should not have to quote it.
CREATE OR REPLACE VIEW spans AS
SELECT trace_id, span_id, parent_span_id, name, kind, started_at, ended_at, status, status_message, service_name,
       scope_name, scope_version, attributes, resource, events, links
FROM store.otlp_spans;
COMMENT ON VIEW spans IS 'A span as received';
COMMENT ON COLUMN spans.attributes IS 'Strings as they are; anything else as JSON text';
COMMENT ON COLUMN spans.events IS 'JSON list of {name, at, attributes}; NULL when there are none';

CREATE OR REPLACE VIEW logs AS SELECT * FROM store.otlp_logs;
COMMENT ON VIEW logs IS 'A log record as received';
COMMENT ON COLUMN logs.logged_at IS 'The record''s time, else the time it was observed';

CREATE OR REPLACE VIEW metrics AS SELECT * FROM store.otlp_metrics;
COMMENT ON VIEW metrics IS 'A metric data point as received; it never creates a call';
