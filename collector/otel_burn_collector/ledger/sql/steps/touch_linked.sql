-- Which other traces have reports under the keys of the touched ones?
CREATE OR REPLACE TEMP TABLE linked AS
SELECT DISTINCT other.unit
FROM store.links AS other
SEMI JOIN (SELECT key FROM store.links SEMI JOIN touched USING (unit)) AS key ON key.key = other.key
ANTI JOIN touched ON touched.unit = other.unit;

INSERT INTO touched SELECT unit FROM linked;
