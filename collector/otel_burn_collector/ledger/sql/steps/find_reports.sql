-- Which of the new spans and records report a call, and in which dialect? The regular expressions meet each
-- (scope, name) once; what is left is a look at attributes.
CREATE OR REPLACE TEMP TABLE new_records AS
SELECT 'span' AS signal, trace_id || ':' || span_id AS report_id, name AS event, scope_name, scope_version, trace_id,
       span_id, parent_span_id, least(coalesce(started_at, ended_at, TIMESTAMP_NS '1970-01-01'), TIMESTAMP_NS '2250-01-01') AS started_at,
       -- Times stay where five seconds more still fit.
       least(greatest(started_at, ended_at, TIMESTAMP_NS '1970-01-01'), TIMESTAMP_NS '2250-01-01') AS ended_at, status, service_name, attributes, resource
FROM new_spans
UNION ALL
SELECT 'log', log_id, coalesce(attributes['event.name'], event_name), scope_name, scope_version, trace_id,
       span_id, NULL, least(coalesce(logged_at, TIMESTAMP_NS '1970-01-01'), TIMESTAMP_NS '2250-01-01'),
       least(coalesce(logged_at, TIMESTAMP_NS '1970-01-01'), TIMESTAMP_NS '2250-01-01'), NULL, service_name, attributes, resource
FROM new_logs;

CREATE OR REPLACE TEMP TABLE new_reports AS
WITH shape AS (
    SELECT DISTINCT signal, scope_name, event FROM new_records
), reading AS (
    SELECT shape.*, dialect.*
    FROM shape
    JOIN store.dialects AS dialect
      ON dialect.signal = shape.signal
     AND regexp_full_match(coalesce(shape.scope_name, ''), dialect.scope)
     AND regexp_full_match(coalesce(shape.event, ''), dialect.event)
), fitting AS (
    SELECT record.report_id, reading.*
    FROM new_records AS record
    JOIN reading
      ON reading.signal = record.signal
     AND reading.scope_name IS NOT DISTINCT FROM record.scope_name
     AND reading.event IS NOT DISTINCT FROM record.event
    -- The first marker that the record has decides.
    WHERE list_filter(list_transform(reading.markers, lambda marker: record.attributes[marker]),
                      lambda value: value IS NOT NULL)[1] IS NOT NULL
      AND (reading.marker_values IS NULL
           OR list_contains(reading.marker_values,
                            list_filter(list_transform(reading.markers, lambda marker: record.attributes[marker]),
                                        lambda value: value IS NOT NULL)[1]))
)
SELECT report_id, arg_min(dialect, choice) AS dialect
FROM fitting
GROUP BY report_id
HAVING arg_min(counts, choice);
