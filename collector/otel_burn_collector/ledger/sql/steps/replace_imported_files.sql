-- What was known of these files before is out of date.
DELETE FROM store.imported_files WHERE path IN (SELECT path FROM newly_imported);
INSERT INTO store.imported_files BY NAME SELECT * FROM newly_imported;
