-- Data points that we do not have yet, by the hash of what they say.
INSERT INTO store.otlp_metrics BY NAME
SELECT * FROM (
    SELECT * RENAME ("at" AS measured_at) FROM batch_metrics
) AS batch
ANTI JOIN (
    SELECT point_id FROM store.otlp_metrics
    WHERE measured_at BETWEEN (SELECT min("at") FROM batch_metrics) AND (SELECT max("at") FROM batch_metrics)
) AS known USING (point_id);
