-- Which partitions did these detectors judge that have no call any more? Sessions are joined when their first calls
-- arrive late, for example; what was said of the parts is then said of the whole.
SELECT DISTINCT partition AS key, NULL::VARCHAR AS state
FROM judgements
WHERE detector IN (SELECT unnest($detectors::VARCHAR[]))
  AND partition NOT IN (
      SELECT CASE $partition::VARCHAR
                 WHEN 'session' THEN session_id
                 WHEN 'tree' THEN coalesce(run_id, trace_id)
                 WHEN 'agent' THEN agent
             END AS key
      FROM llm_calls
      WHERE key IS NOT NULL
  );
