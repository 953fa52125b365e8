-- The new reports.
INSERT INTO store.reports BY NAME SELECT * FROM new_reports;
