-- Everything, for a rebuild.
CREATE OR REPLACE TEMP TABLE touched AS SELECT DISTINCT unit FROM store.reports;
