-- What a month costs, and whether that is final.
CREATE OR REPLACE VIEW periods AS
SELECT month.period, closed.period IS NOT NULL AS closed, closed.closed_at, closed.rate_version, month.calls,
       month.cost_usd, month.adjustments_usd
FROM (
    SELECT booked_in AS period, count(*) FILTER (period = booked_in) AS calls,
           sum(cost_usd)::DECIMAL(38, 12) AS cost_usd,
           coalesce(sum(cost_usd) FILTER (period <> booked_in), 0)::DECIMAL(38, 12) AS adjustments_usd
    FROM bookings GROUP BY booked_in
) AS month
LEFT JOIN store.closed_periods AS closed USING (period);
COMMENT ON VIEW periods IS 'What a month costs, and whether that is final (`otel-burn prices close`)';
COMMENT ON COLUMN periods.period IS 'As 2026-10 (UTC)';
COMMENT ON COLUMN periods.closed IS 'What arrives for it now is an adjustment of the first open month';
COMMENT ON COLUMN periods.closed_at IS 'When it was closed; NULL while it is open, and where a later month was closed';
COMMENT ON COLUMN periods.rate_version IS 'The price table when it was closed';
COMMENT ON COLUMN periods.calls IS 'Priced calls of the month';
COMMENT ON COLUMN periods.cost_usd IS 'US dollars, adjustments included';
COMMENT ON COLUMN periods.adjustments_usd IS 'Of these, for calls of months that were closed already';
