-- Whatever layout it had.
DELETE FROM store.schema_version;
