-- Which traces that have reports get new spans? Looked up before the new reports join them.
CREATE OR REPLACE TEMP TABLE grown AS
SELECT DISTINCT unit
FROM (SELECT unit FROM store.reports WHERE started_at BETWEEN getvariable('near_from') AND getvariable('near_to'))
SEMI JOIN (SELECT DISTINCT md5_number_lower(trace_id) AS unit FROM new_spans) USING (unit);
