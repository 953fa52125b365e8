-- What does this batch change? First of all its own reports.
CREATE OR REPLACE TEMP TABLE seeds AS SELECT unit, report_id, started_at FROM new_reports;
