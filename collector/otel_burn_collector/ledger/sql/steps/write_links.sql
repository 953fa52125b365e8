-- Under which keys can other reports find the touched ones? Ids hold within ten minutes only, as compatible servers
-- reuse them; a report is found under every such window that it spans (a day's worth at most).
DELETE FROM store.links WHERE unit IN (SELECT unit FROM touched);

INSERT INTO store.links BY NAME
WITH windowed AS (
    SELECT *, unnest(range(epoch(started_at)::BIGINT // 600,
                           least(epoch(ended_at + INTERVAL 5 SECOND)::BIGINT // 600,
                                 epoch(started_at)::BIGINT // 600 + 144) + 1)) AS span_window
    FROM resolved
)
SELECT DISTINCT md5_number_lower(concat_ws('|', 'response', response_id, span_window)) AS key, unit, report_id
FROM windowed WHERE response_id IS NOT NULL
UNION ALL
SELECT DISTINCT md5_number_lower(concat_ws('|', 'request', request_id, span_window)), unit, report_id
FROM windowed WHERE request_id IS NOT NULL
UNION ALL
SELECT DISTINCT md5_number_lower(concat_ws('|', 'logical', emitter, logical_call)), unit, report_id
FROM resolved WHERE logical_call IS NOT NULL
UNION ALL
SELECT DISTINCT md5_number_lower(concat_ws('|', 'usage', pairs_by_usage, session_id, input_tokens, output_tokens,
                                           coalesce(cache_read_tokens, 0), span_window)), unit, report_id
FROM windowed WHERE pairs_by_usage IS NOT NULL AND session_id IS NOT NULL AND input_tokens IS NOT NULL;
