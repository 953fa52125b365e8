-- Everything, for a rebuild.
CREATE OR REPLACE TEMP TABLE seeds AS SELECT unit, report_id, started_at FROM store.reports;
