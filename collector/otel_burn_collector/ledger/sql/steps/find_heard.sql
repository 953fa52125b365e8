-- Which reports of spans have messages beside them, and one of the two is new? What a report lists itself is believed.
CREATE OR REPLACE TEMP TABLE heard AS
WITH near_reports AS (
    SELECT unit, report_id, span_id, started_at FROM store.reports
    WHERE started_at BETWEEN getvariable('near_from') AND getvariable('near_to') AND signal = 'span'
), changed AS (
    SELECT DISTINCT md5_number_lower(trace_id) AS unit, span_id FROM new_spoken
    UNION
    SELECT unit, span_id FROM near_reports SEMI JOIN (SELECT report_id FROM new_reports) USING (report_id)
), beside AS (
    SELECT DISTINCT unit, span_id FROM store.spoken SEMI JOIN changed USING (unit, span_id)
), found AS (
    FROM near_reports SEMI JOIN beside USING (unit, span_id)
), listing AS (
    SELECT report_id FROM store.lists SEMI JOIN found USING (unit, report_id)
    UNION
    SELECT report_id FROM store.manifests SEMI JOIN found USING (unit, report_id)
)
SELECT unit, report_id, span_id, min(started_at) AS started_at
FROM found
WHERE report_id NOT IN (FROM listing) OR report_id IN (SELECT report_id FROM store.heard SEMI JOIN found USING (unit, report_id))
GROUP BY ALL;
