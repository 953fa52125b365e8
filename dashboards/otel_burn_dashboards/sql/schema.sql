-- Which views can be asked, with which columns, and what do they mean?
SELECT views.view_name AS view, views.comment AS about, columns.column_name AS name, columns.data_type AS type,
       columns.comment AS comment
FROM duckdb_views() AS views
JOIN duckdb_columns() AS columns
  ON columns.table_name = views.view_name AND columns.schema_name = views.schema_name
WHERE views.schema_name = 'main' AND NOT views.internal
ORDER BY view, columns.column_index;
