-- Spans that we do not have yet. A span that arrives again has the same start, so zone maps prune the anti-join to
-- the batch's own time range; the distinct rows of the batch become new_spans.
CREATE OR REPLACE TEMP TABLE new_spans AS
SELECT * FROM (
    SELECT DISTINCT ON (trace_id, span_id) * FROM batch_spans
) AS batch
ANTI JOIN (
    SELECT trace_id, span_id FROM store.otlp_spans
    WHERE started_at BETWEEN getvariable('batch_from') AND getvariable('batch_to')
) AS known USING (trace_id, span_id);

INSERT INTO store.otlp_spans BY NAME SELECT * FROM new_spans;
