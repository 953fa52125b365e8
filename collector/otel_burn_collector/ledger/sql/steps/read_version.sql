-- The layout of this file.
SELECT max(version) FROM store.schema_version;
