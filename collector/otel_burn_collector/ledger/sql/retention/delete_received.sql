-- The next stretch of rows as received. What they were made into stays.
INSERT INTO store.past_logs
SELECT md5_number_lower(log_id), logged_at FROM store.otlp_logs WHERE logged_at < getvariable('purge_before');
DELETE FROM store.otlp_logs WHERE logged_at < getvariable('purge_before');
DELETE FROM store.otlp_metrics WHERE measured_at < getvariable('purge_before');
DELETE FROM store.otlp_spans WHERE started_at < getvariable('purge_before');
DELETE FROM store.spoken WHERE spoken_at < getvariable('purge_before');
