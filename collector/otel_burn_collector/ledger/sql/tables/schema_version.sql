-- Which layout does this file have? One row.
CREATE SCHEMA IF NOT EXISTS store;
CREATE TABLE IF NOT EXISTS store.schema_version (
    version INTEGER NOT NULL
);
