-- Which rows of the batch had arrived before?
SELECT "row" FROM known_spans
UNION ALL
SELECT "row" FROM (SELECT "row" FROM batch_logs) ANTI JOIN new_logs USING ("row");
