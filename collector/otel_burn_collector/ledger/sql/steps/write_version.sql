-- The layout of this file, once.
INSERT INTO store.schema_version SELECT $version WHERE NOT EXISTS (FROM store.schema_version);
