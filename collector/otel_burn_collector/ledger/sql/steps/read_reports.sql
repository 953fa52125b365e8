-- What do the new reports say? Attributes become fields through store.dialect_fields; the lowest position that has
-- a value wins. One map of fields a report.
CREATE OR REPLACE TEMP TABLE new_fields AS
WITH entry AS (
    SELECT report.report_id, report.dialect, unnest(map_entries(record.attributes), recursive := true)
    FROM new_reports AS report
    JOIN new_records AS record USING (report_id)
), carried AS (
    SELECT entry.report_id, carrier.field, carrier.position,
           CASE WHEN carrier.pattern IS NULL THEN entry.value
                ELSE nullif(regexp_extract(entry.value, carrier.pattern, 1), '') END AS value
    FROM entry
    JOIN store.dialect_fields AS carrier ON carrier.dialect = entry.dialect AND carrier.attribute = entry.key
    WHERE entry.value NOT IN ('', 'null', '[]')
), chosen AS (
    SELECT report_id, field, arg_min(value, position) AS value
    FROM carried
    WHERE value IS NOT NULL
    GROUP BY report_id, field
)
SELECT report_id, map_from_entries(list((field, value))) AS fields
FROM chosen
GROUP BY report_id;
