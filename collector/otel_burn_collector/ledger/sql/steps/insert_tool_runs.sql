-- What the new log records say of tools that ran.
INSERT INTO store.tool_runs BY NAME
SELECT md5_number_lower(session_id) AS session_key, * FROM new_tool_runs;
