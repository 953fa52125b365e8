-- Before when are new reports refused? An hour more, as the reports of one call do not all begin at the same moment.
SELECT epoch_ns(getvariable('purged_calls') + INTERVAL 1 HOUR) AS purged;
