-- Spans that we do not have yet. A span that arrives again has the same end, and spans arrive soon after theirs: zone
-- maps prune the look-up to the rows that arrived about when the batch did, also where a span began hours before.
-- One that says no time has that of its arrival, as start and as end, and is looked for everywhere.
SET VARIABLE ended_from = (SELECT min(ended_at) FROM batch_spans);
SET VARIABLE ended_to = (SELECT max(ended_at) FROM batch_spans);
SET VARIABLE has_undated = (SELECT count(*) > 0 FROM batch_spans WHERE undated);

CREATE OR REPLACE TEMP TABLE known_spans AS
SELECT batch."row"
FROM (SELECT "row", trace_id, span_id FROM batch_spans) AS batch
SEMI JOIN (
    SELECT trace_id, span_id FROM store.otlp_spans
    WHERE ended_at BETWEEN getvariable('ended_from') AND getvariable('ended_to')
) AS stored USING (trace_id, span_id)
UNION
SELECT batch."row"
FROM (SELECT "row", trace_id, span_id FROM batch_spans WHERE undated) AS batch
SEMI JOIN (
    SELECT trace_id, span_id FROM store.otlp_spans WHERE getvariable('has_undated') AND ended_at = started_at
) AS stored USING (trace_id, span_id)
UNION
SELECT batch."row"
FROM (
    SELECT "row", md5_number_lower(trace_id) AS trace_key, span_id FROM batch_spans
    WHERE started_at < getvariable('purged_spans')
) AS batch
SEMI JOIN (
    SELECT trace_key, span_id FROM store.lineage WHERE started_at < getvariable('purged_spans')
) AS past USING (trace_key, span_id)
UNION
SELECT "row" FROM batch_spans WHERE md5_number_lower(trace_id) IN (SELECT trace_key FROM store.forgotten_traces);

-- A view: what reads it takes only the columns that it needs.
CREATE OR REPLACE TEMP VIEW new_spans AS
SELECT * EXCLUDE (undated) FROM batch_spans ANTI JOIN known_spans USING ("row");

INSERT INTO store.otlp_spans BY NAME SELECT * EXCLUDE ("row") FROM new_spans;
