-- The month is closed.
INSERT INTO store.closed_periods VALUES ($period, make_timestamp_ns($closed_at), $rate_version);
