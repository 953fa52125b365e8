-- The new records that are messages. Those of a time that is purged are left out.
INSERT INTO store.spoken BY NAME
SELECT md5_number_lower(trace_id) AS unit, new_spoken.* EXCLUDE (trace_id)
FROM new_spoken
ANTI JOIN (
    SELECT log_id FROM store.spoken WHERE spoken_at BETWEEN getvariable('near_from') AND getvariable('near_to')
) AS known USING (log_id)
WHERE coalesce(spoken_at >= getvariable('purged_spans'), true);
