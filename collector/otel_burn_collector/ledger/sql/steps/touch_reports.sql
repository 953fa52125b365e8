-- What does this batch change? First of all its own reports.
CREATE OR REPLACE TEMP TABLE seeds AS SELECT unit, report_id, started_at, true AS is_new FROM new_reports;
