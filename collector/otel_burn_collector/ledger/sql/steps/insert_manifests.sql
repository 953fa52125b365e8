-- The contexts and tool calls that the new reports list.
INSERT INTO store.manifests BY NAME
SELECT md5_number_lower(record.trace_id) AS unit, report_id, record.started_at, f['context_status'] AS status,
       try_cast(try_cast(f['kinds'] AS JSON) AS VARCHAR[]) AS kinds,
       try_cast(try_cast(f['hashes'] AS JSON) AS VARCHAR[]) AS hashes,
       try_cast(try_cast(f['bytes'] AS JSON) AS BIGINT[]) AS bytes,
       try_cast(try_cast(f['tools'] AS JSON) AS VARCHAR[]) AS tools,
       try_cast(try_cast(f['tool_call_ids'] AS JSON) AS VARCHAR[]) AS tool_call_ids,
       try_cast(try_cast(f['errors'] AS JSON) AS VARCHAR[]) AS errors,
       try_cast(try_cast(f['asked_ids'] AS JSON) AS VARCHAR[]) AS asked_ids,
       try_cast(try_cast(f['asked_names'] AS JSON) AS VARCHAR[]) AS asked_names,
       try_cast(try_cast(f['asked_hashes'] AS JSON) AS VARCHAR[]) AS asked_hashes,
       try_cast(try_cast(f['asked_effects'] AS JSON) AS VARCHAR[]) AS asked_effects
FROM (SELECT report_id, fields AS f FROM new_fields) AS read
JOIN new_records AS record USING (report_id)
WHERE f['hashes'] IS NOT NULL OR f['asked_names'] IS NOT NULL;
