-- When does what is left as received begin?
SELECT epoch_ns(min(begins)) AS oldest FROM (
    SELECT min(started_at) AS begins FROM store.otlp_spans
    UNION ALL SELECT min(logged_at) FROM store.otlp_logs
    UNION ALL SELECT min(measured_at) FROM store.otlp_metrics
);
