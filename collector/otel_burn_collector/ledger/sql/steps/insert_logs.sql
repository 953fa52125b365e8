-- Log records that we do not have yet, by the hash of what they say.
CREATE OR REPLACE TEMP TABLE new_logs AS
SELECT * FROM (
    SELECT * RENAME ("at" AS logged_at) FROM batch_logs
) AS batch
ANTI JOIN (
    SELECT log_id FROM store.otlp_logs
    WHERE logged_at BETWEEN getvariable('batch_from') AND getvariable('batch_to')
) AS known USING (log_id)
WHERE md5_number_lower(log_id) NOT IN (
    SELECT log_key FROM store.past_logs WHERE logged_at BETWEEN getvariable('batch_from') AND getvariable('batch_to')
) AND coalesce(md5_number_lower(trace_id) NOT IN (SELECT trace_key FROM store.forgotten_traces), true);

INSERT INTO store.otlp_logs BY NAME SELECT * EXCLUDE ("row") FROM new_logs;
