-- The layout of this file, after forget_version.
INSERT INTO store.schema_version VALUES ($version);
