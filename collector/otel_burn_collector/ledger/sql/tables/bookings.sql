-- What closed months cost: an entry for each call that a closing found, and for each difference since. Never changed.
CREATE TABLE IF NOT EXISTS store.bookings (
    booked_in VARCHAR NOT NULL,             -- the month that pays, '2026-10'
    period    VARCHAR NOT NULL,             -- the month of the call (UTC)
    call_id   VARCHAR NOT NULL,
    cost_usd  DECIMAL(38, 12) NOT NULL
);
CREATE TABLE IF NOT EXISTS store.closed_periods (
    period       VARCHAR NOT NULL,
    closed_at    TIMESTAMP_NS NOT NULL,
    rate_version VARCHAR NOT NULL
);
