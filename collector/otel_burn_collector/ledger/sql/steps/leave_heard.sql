-- What was made of fewer messages goes, and the calls are derived again.
DELETE FROM store.lists WHERE report_id IN (SELECT report_id FROM heard);
DELETE FROM store.manifests WHERE report_id IN (SELECT report_id FROM heard);
INSERT INTO store.heard SELECT unit, report_id FROM heard ANTI JOIN store.heard AS known USING (unit, report_id);
INSERT INTO seeds SELECT unit, report_id, started_at, false FROM heard ANTI JOIN seeds AS known USING (report_id);
