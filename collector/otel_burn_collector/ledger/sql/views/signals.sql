-- OTLP as received: one row a span, a log record, a data point.
-- `at`, the name in the batch, is a reserved word of DuckDB 2; ad-hoc SQL should not have to quote it.
CREATE OR REPLACE VIEW spans AS
SELECT trace_id, span_id, parent_span_id, name, kind, started_at, ended_at, status, status_message, service_name,
       scope_name, scope_version, attributes, resource, events, links
FROM store.otlp_spans;
COMMENT ON VIEW spans IS 'A span as received';
COMMENT ON COLUMN spans.attributes IS 'Strings as they are; anything else as JSON text';
COMMENT ON COLUMN spans.events IS 'JSON list of {name, at, attributes}; NULL when there are none';
COMMENT ON COLUMN spans.trace_id IS '32 hex digits';
COMMENT ON COLUMN spans.span_id IS '16 hex digits, unique within its trace';
COMMENT ON COLUMN spans.parent_span_id IS 'NULL for a root';
COMMENT ON COLUMN spans.name IS 'What it did';
COMMENT ON COLUMN spans.kind IS 'INTERNAL, SERVER, CLIENT, PRODUCER, CONSUMER or UNSPECIFIED';
COMMENT ON COLUMN spans.started_at IS 'UTC, to the nanosecond';
COMMENT ON COLUMN spans.ended_at IS 'UTC, to the nanosecond';
COMMENT ON COLUMN spans.status IS 'UNSET, OK or ERROR';
COMMENT ON COLUMN spans.status_message IS 'What went wrong';
COMMENT ON COLUMN spans.service_name IS '`service.name` of its resource';
COMMENT ON COLUMN spans.scope_name IS 'The instrumentation that made it';
COMMENT ON COLUMN spans.scope_version IS 'Its version';
COMMENT ON COLUMN spans.resource IS 'Attributes of the program that sent it';
COMMENT ON COLUMN spans.links IS 'JSON list of {trace_id, span_id, attributes}; NULL when there are none';

CREATE OR REPLACE VIEW logs AS SELECT * FROM store.otlp_logs;
COMMENT ON VIEW logs IS 'A log record as received';
COMMENT ON COLUMN logs.logged_at IS 'The record''s time, else the time it was observed';
COMMENT ON COLUMN logs.log_id IS 'A hash of the record, its resource and its scope';
COMMENT ON COLUMN logs.observed_at IS 'When a collector saw it (UTC)';
COMMENT ON COLUMN logs.severity_number IS '1 to 24, as OTLP has it';
COMMENT ON COLUMN logs.severity_text IS 'As the emitter calls it';
COMMENT ON COLUMN logs.event_name IS 'The kind of event; NULL for plain log lines';
COMMENT ON COLUMN logs.body IS 'Text as it is, anything else as JSON';
COMMENT ON COLUMN logs.trace_id IS 'The trace that it belongs to';
COMMENT ON COLUMN logs.span_id IS 'The span that it belongs to';
COMMENT ON COLUMN logs.service_name IS '`service.name` of its resource';
COMMENT ON COLUMN logs.scope_name IS 'The instrumentation that wrote it';
COMMENT ON COLUMN logs.scope_version IS 'Its version';
COMMENT ON COLUMN logs.attributes IS 'Strings as they are; anything else as JSON text';
COMMENT ON COLUMN logs.resource IS 'Attributes of the program that sent it';

CREATE OR REPLACE VIEW metrics AS SELECT * FROM store.otlp_metrics;
COMMENT ON VIEW metrics IS 'A metric data point as received; it never creates a call';
COMMENT ON COLUMN metrics.point_id IS 'A hash of the point, its metric, resource and scope';
COMMENT ON COLUMN metrics.name IS 'Of the metric';
COMMENT ON COLUMN metrics.unit IS 'Of the metric';
COMMENT ON COLUMN metrics.type IS 'gauge, sum, histogram, exponential_histogram or summary';
COMMENT ON COLUMN metrics.temporality IS 'delta or cumulative; NULL for a gauge or summary';
COMMENT ON COLUMN metrics.monotonic IS 'Whether a sum only grows';
COMMENT ON COLUMN metrics.started_at IS 'Since when it counts (UTC)';
COMMENT ON COLUMN metrics.measured_at IS 'When it was measured (UTC)';
COMMENT ON COLUMN metrics.value IS 'Of a gauge or sum';
COMMENT ON COLUMN metrics.count IS 'Of a histogram or summary';
COMMENT ON COLUMN metrics.sum IS 'Of a histogram or summary';
COMMENT ON COLUMN metrics.detail IS 'JSON: bounds and buckets, or quantiles';
COMMENT ON COLUMN metrics.service_name IS '`service.name` of its resource';
COMMENT ON COLUMN metrics.scope_name IS 'The instrumentation that measured it';
COMMENT ON COLUMN metrics.scope_version IS 'Its version';
COMMENT ON COLUMN metrics.attributes IS 'Strings as they are; anything else as JSON text';
COMMENT ON COLUMN metrics.resource IS 'Attributes of the program that sent it';
