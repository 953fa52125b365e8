-- What do the spans above each report of the changed traces know? The nearest that says it, counts. `head` is the topmost
-- report above it, or itself: reports below different heads are never one call by their paths. Narrow, so that a long
-- trace is climbed as a whole at little cost, and only what changed in it is derived again.
SET VARIABLE kin_from = (
    SELECT min(started_at) FROM (SELECT trace_key AS unit, started_at FROM store.lineage
                                 WHERE started_at BETWEEN getvariable('near_from') AND getvariable('near_to'))
    SEMI JOIN seeds USING (unit)
);

CREATE OR REPLACE TEMP TABLE kin AS
SELECT DISTINCT ON (trace_key, span_id) * FROM (
    SELECT * FROM store.lineage WHERE started_at BETWEEN getvariable('kin_from') AND getvariable('near_to')
)
SEMI JOIN seeds ON seeds.unit = trace_key
ORDER BY trace_key, span_id, started_at;

CREATE OR REPLACE TEMP TABLE climbed AS
WITH RECURSIVE report AS MATERIALIZED (
    -- The earlier of two rows, where a span arrived again with other times.
    SELECT unit, report_id, arg_min(place, started_at) AS place, any_value(signal) AS signal, any_value(trace_id) AS trace_id, any_value(span_id) AS span_id,
           any_value(parent_span_id) AS parent_span_id, min(started_at) AS started_at, bool_and(hollow) AS hollow
    FROM (
        SELECT rowid AS place, unit, report_id, signal, trace_id, span_id, parent_span_id, started_at,
               input_tokens IS NULL AND output_tokens IS NULL AND response_id IS NULL AS hollow
        FROM store.reports
        WHERE started_at BETWEEN getvariable('near_from') AND getvariable('near_to')
    )
    SEMI JOIN seeds USING (unit)
    GROUP BY unit, report_id
), climb(report_id, unit, span_id, depth) AS (
    SELECT report_id, unit, CASE WHEN signal = 'span' THEN parent_span_id ELSE span_id END, 1
    FROM report
    WHERE trace_id IS NOT NULL
    UNION ALL
    SELECT climb.report_id, climb.unit, kin.parent_span_id, climb.depth + 1
    FROM climb
    JOIN kin ON kin.trace_key = climb.unit AND kin.span_id = climb.span_id
    WHERE climb.depth < 128 -- a cycle of parents ends here
), told AS (
    SELECT climb.report_id,
           arg_min(above.report_id, climb.depth) FILTER (above.report_id <> climb.report_id) AS above,
           arg_max(above.report_id, climb.depth) FILTER (above.report_id <> climb.report_id) AS head,
           arg_min(kin.session_id, climb.depth) AS session_id,
           arg_min(kin.agent, climb.depth) AS agent,
           arg_min(kin.agent_id, climb.depth) AS agent_id,
           arg_min(kin.user_id, climb.depth) AS user_id,
           arg_min(kin.work_id, climb.depth) AS work_id,
           arg_min(kin.project, climb.depth) AS project,
           arg_min(kin.request_model, climb.depth) AS request_model
    FROM climb
    LEFT JOIN kin ON kin.trace_key = climb.unit AND kin.span_id = climb.span_id
    LEFT JOIN report AS above
           ON above.unit = climb.unit AND above.span_id = climb.span_id AND above.signal = 'span'
    GROUP BY climb.report_id
)
SELECT report.unit, report.report_id, report.place, report.started_at, coalesce(told.head, report.report_id) AS head,
       report.hollow, CASE WHEN report.signal = 'span' THEN report.parent_span_id END AS beside,
       told.* EXCLUDE (report_id, head)
FROM report
LEFT JOIN told ON told.report_id = report.report_id;

-- What is derived again: all that share a head with something that changed, or with what ran beside that where one of
-- the two says next to nothing.
CREATE OR REPLACE TEMP TABLE touched AS
WITH changed AS (
    SELECT unit, head, beside, hollow FROM climbed SEMI JOIN seeds USING (report_id)
)
SELECT unit, report_id, place, started_at FROM climbed
SEMI JOIN (
    SELECT unit, head FROM changed
    UNION
    SELECT other.unit, other.head FROM changed
    JOIN climbed AS other ON other.unit = changed.unit AND other.beside = changed.beside AND (other.hollow OR changed.hollow)
) AS reached USING (unit, head);

-- Those of them that were derived before.
CREATE OR REPLACE TEMP TABLE known AS
SELECT unit, report_id FROM touched ANTI JOIN (FROM seeds WHERE is_new) AS new USING (report_id);
