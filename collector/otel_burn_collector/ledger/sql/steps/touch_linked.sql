-- Which other traces have reports under the keys of the touched ones?
CREATE OR REPLACE TEMP TABLE near_links AS
SELECT key, unit, report_id FROM (
    SELECT * FROM store.links WHERE started_at BETWEEN getvariable('near_from') AND getvariable('near_to')
)
SEMI JOIN (
    SELECT key FROM (
        SELECT key, unit FROM store.links
        WHERE started_at BETWEEN getvariable('touched_from') AND getvariable('touched_to')
    )
    SEMI JOIN touched USING (unit)
) AS touched_key USING (key);

CREATE OR REPLACE TEMP TABLE linked AS
SELECT DISTINCT unit FROM near_links ANTI JOIN touched USING (unit);

INSERT INTO touched SELECT unit FROM linked;
