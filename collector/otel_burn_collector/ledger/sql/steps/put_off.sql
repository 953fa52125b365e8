-- What this batch changes is derived later.
INSERT INTO store.pending BY NAME
SELECT *, getvariable('near_from') AS near_from, getvariable('near_to') AS near_to FROM seeds;
