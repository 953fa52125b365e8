-- Book all that the month and those before it owe.
INSERT INTO store.bookings
SELECT booked_in, period, call_id, cost_usd FROM bookings WHERE NOT closed AND booked_in <= $period;
