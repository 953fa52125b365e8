-- A rebuild looks everywhere.
SET VARIABLE near_from = TIMESTAMP_NS '1678-01-01';
SET VARIABLE near_to = TIMESTAMP_NS '2261-01-01';
SET VARIABLE everything = true;
