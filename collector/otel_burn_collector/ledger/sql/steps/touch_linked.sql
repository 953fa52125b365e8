-- Which other reports are under the keys of the touched ones?
CREATE OR REPLACE TEMP TABLE near_links AS
SELECT key, unit, report_id, started_at FROM (
    SELECT * FROM store.links WHERE started_at BETWEEN getvariable('near_from') AND getvariable('near_to')
)
SEMI JOIN (
    SELECT key FROM (
        SELECT key, unit, report_id FROM store.links
        WHERE started_at BETWEEN getvariable('touched_from') AND getvariable('touched_to')
    )
    SEMI JOIN touched USING (unit, report_id)
    UNION ALL FROM left_keys
) AS touched_key USING (key);

CREATE OR REPLACE TEMP TABLE linked AS
SELECT DISTINCT unit, report_id, started_at FROM near_links ANTI JOIN touched USING (report_id) ANTI JOIN seeds USING (report_id);

INSERT INTO seeds SELECT *, false FROM linked;
