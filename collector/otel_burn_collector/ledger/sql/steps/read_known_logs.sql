-- Which log records of the batch had arrived before?
SELECT "row" FROM (SELECT "row" FROM batch_logs) ANTI JOIN new_logs USING ("row");
