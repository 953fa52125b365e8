-- The reports below new spans: a late ancestor may know their session, or be a report of the same call.
SET VARIABLE kin_from = (
    SELECT min(started_at) FROM (SELECT trace_key AS unit, started_at FROM store.lineage
                                 WHERE started_at BETWEEN getvariable('near_from') AND getvariable('near_to'))
    SEMI JOIN grown USING (unit)
);

INSERT INTO seeds
WITH RECURSIVE kin AS MATERIALIZED (
    SELECT unit, span_id, parent_span_id
    FROM (SELECT trace_key AS unit, span_id, parent_span_id FROM store.lineage
          WHERE started_at BETWEEN getvariable('kin_from') AND getvariable('near_to'))
    SEMI JOIN grown USING (unit)
), below(unit, span_id) AS (
    SELECT unit, span_id FROM (SELECT md5_number_lower(trace_id) AS unit, span_id FROM new_spans) SEMI JOIN grown USING (unit)
    UNION
    SELECT kin.unit, kin.span_id FROM below JOIN kin ON kin.unit = below.unit AND kin.parent_span_id = below.span_id
)
SELECT unit, report_id, started_at, false
FROM (
    SELECT unit, report_id, span_id, started_at FROM store.reports
    WHERE started_at BETWEEN getvariable('near_from') AND getvariable('near_to')
)
SEMI JOIN below USING (unit, span_id)
ANTI JOIN seeds USING (report_id);
