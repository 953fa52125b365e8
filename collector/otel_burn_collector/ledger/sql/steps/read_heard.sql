-- The manifest of each of these reports: its messages one after another. Where one of them is bare, nobody knows the context.
WITH said AS (
    SELECT heard.unit, heard.report_id, heard.started_at, spoken.* EXCLUDE (unit, span_id),
           bool_or(spoken.bare) OVER (PARTITION BY heard.report_id) OR kinds IS NULL AS skipped
    FROM heard JOIN store.spoken USING (unit, span_id)
)
SELECT unit, report_id, min(started_at) AS started_at,
       NULL AS status, NULL AS chain_key, NULL AS base_key, NULL AS base_blocks, NULL AS blocks,
       flatten(list(kinds ORDER BY place, spoken_at, arrived, log_id) FILTER (NOT skipped)) AS kinds,
       flatten(list(hashes ORDER BY place, spoken_at, arrived, log_id) FILTER (NOT skipped)) AS hashes,
       flatten(list(bytes ORDER BY place, spoken_at, arrived, log_id) FILTER (NOT skipped)) AS bytes,
       flatten(list(tools ORDER BY place, spoken_at, arrived, log_id) FILTER (NOT skipped)) AS tools,
       flatten(list(tool_call_ids ORDER BY place, spoken_at, arrived, log_id) FILTER (NOT skipped)) AS tool_call_ids,
       flatten(list(errors ORDER BY place, spoken_at, arrived, log_id) FILTER (NOT skipped)) AS errors,
       flatten(list(sketches ORDER BY place, spoken_at, arrived, log_id) FILTER (NOT skipped)) AS sketches,
       flatten(list(output_kinds ORDER BY spoken_at, arrived, log_id) FILTER (output_kinds IS NOT NULL)) AS output_kinds,
       flatten(list(output_hashes ORDER BY spoken_at, arrived, log_id) FILTER (output_kinds IS NOT NULL)) AS output_hashes,
       flatten(list(output_bytes ORDER BY spoken_at, arrived, log_id) FILTER (output_kinds IS NOT NULL)) AS output_bytes,
       flatten(list(asked_ids ORDER BY spoken_at, arrived, log_id) FILTER (asked_names IS NOT NULL)) AS asked_ids,
       flatten(list(asked_names ORDER BY spoken_at, arrived, log_id) FILTER (asked_names IS NOT NULL)) AS asked_names,
       flatten(list(asked_hashes ORDER BY spoken_at, arrived, log_id) FILTER (asked_names IS NOT NULL)) AS asked_hashes,
       flatten(list(asked_effects ORDER BY spoken_at, arrived, log_id) FILTER (asked_names IS NOT NULL)) AS asked_effects,
       flatten(list(asked_sketches ORDER BY spoken_at, arrived, log_id) FILTER (asked_names IS NOT NULL)) AS asked_sketches
FROM said
GROUP BY unit, report_id;
