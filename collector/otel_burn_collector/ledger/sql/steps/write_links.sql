-- Under which keys can other reports find the touched ones? Ids hold within ten minutes only, as compatible servers
-- reuse them; a report is found under every such window that it spans (a day's worth at most).
-- Whoever was found under a key that a report leaves is looked at again, too.
INSERT INTO left_keys
SELECT DISTINCT key FROM (
    SELECT key, unit, report_id FROM store.links
    WHERE started_at BETWEEN getvariable('touched_from') AND getvariable('touched_to')
)
SEMI JOIN touched USING (unit, report_id);

DELETE FROM store.links
WHERE started_at BETWEEN getvariable('touched_from') AND getvariable('touched_to')
  AND unit IN (SELECT unit FROM touched) AND report_id IN (SELECT report_id FROM touched);

INSERT INTO store.links BY NAME
WITH windowed AS (
    SELECT *, unnest(range(epoch(started_at)::BIGINT // 600,
                           least(epoch(ended_at + INTERVAL 5 SECOND)::BIGINT // 600,
                                 epoch(started_at)::BIGINT // 600 + 144) + 1)) AS span_window
    FROM resolved
)
SELECT DISTINCT md5_number_lower(concat_ws('|', 'response', response_id, span_window)) AS key, unit, report_id, started_at
FROM windowed WHERE response_id IS NOT NULL
UNION ALL
SELECT DISTINCT md5_number_lower(concat_ws('|', 'request', request_id, span_window)), unit, report_id, started_at
FROM windowed WHERE request_id IS NOT NULL
UNION ALL
SELECT DISTINCT md5_number_lower(concat_ws('|', 'turn', request_model, span_window)), unit, report_id, started_at
FROM windowed WHERE dialect IN ('openclaw-turn', 'openclaw-file', 'openclaw-call') -- see turns.py
UNION ALL
SELECT DISTINCT md5_number_lower(concat_ws('|', 'logical', emitter, logical_call)), unit, report_id, started_at
FROM resolved WHERE logical_call IS NOT NULL
UNION ALL
SELECT DISTINCT md5_number_lower(concat_ws('|', 'usage', pairing, session_id, span_window)), unit, report_id, started_at
FROM windowed WHERE pairing IS NOT NULL;
