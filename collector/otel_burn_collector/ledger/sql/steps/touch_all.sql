-- Everything, for a rebuild.
CREATE OR REPLACE TEMP TABLE seeds AS SELECT unit, report_id, started_at, false AS is_new FROM store.reports;
DELETE FROM store.pending;
