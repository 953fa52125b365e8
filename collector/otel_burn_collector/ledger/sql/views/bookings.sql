-- Which month pays for which call? Its own, unless that is closed: then the difference is the first open one's.
CREATE OR REPLACE VIEW bookings AS
WITH last AS (
    SELECT max(period) AS closed, strftime(strptime(max(period) || '-01', '%Y-%m-%d') + INTERVAL 1 MONTH, '%Y-%m') AS open
    FROM store.closed_periods
), booked AS (
    SELECT coalesce(aliases.call_id, bookings.call_id) AS call_id, sum(cost_usd) AS cost_usd
    FROM store.bookings LEFT JOIN store.aliases ON aliases.alias = bookings.call_id
    GROUP BY ALL
), owed AS (
    SELECT strftime(calls.started_at::TIMESTAMP, '%Y-%m') AS period, calls.call_id,
           coalesce(calls.cost_usd, 0) - coalesce(booked.cost_usd, 0) AS cost_usd
    FROM store.calls LEFT JOIN booked USING (call_id)
)
SELECT booked_in, period, call_id, cost_usd::DECIMAL(38, 12) AS cost_usd, true AS closed FROM store.bookings
UNION ALL
SELECT CASE WHEN period <= last.closed THEN last.open ELSE period END, period, call_id, cost_usd::DECIMAL(38, 12), false
FROM owed, last
WHERE cost_usd <> 0;
COMMENT ON VIEW bookings IS 'Which month pays for which call: its own, or the first open one what arrived or changed after its month was closed';
COMMENT ON COLUMN bookings.booked_in IS 'The month that pays, as 2026-10';
COMMENT ON COLUMN bookings.period IS 'The month of the call (UTC)';
COMMENT ON COLUMN bookings.call_id IS 'In `llm_calls`, unless it was purged';
COMMENT ON COLUMN bookings.cost_usd IS 'US dollars; a correction may be negative';
COMMENT ON COLUMN bookings.closed IS 'Whether it is part of a closed month, and stays as it is';
