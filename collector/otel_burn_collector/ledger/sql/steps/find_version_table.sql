-- Has this database a ledger at all?
SELECT 1 FROM duckdb_tables() WHERE database_name = current_database() AND schema_name = 'store' AND table_name = 'schema_version';
