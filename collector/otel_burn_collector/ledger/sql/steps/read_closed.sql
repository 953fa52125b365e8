-- Up to which month is everything closed?
SELECT max(period) AS closed FROM store.closed_periods;
