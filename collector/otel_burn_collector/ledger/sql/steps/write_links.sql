-- Under which keys can other reports find the touched ones? Ids hold within ten minutes only, as compatible servers
-- reuse them; a report is found under every such window that it spans (a day's worth at most).
INSERT INTO store.links BY NAME
WITH windowed AS (
    SELECT *, unnest(range(first_window, least(last_window, first_window + 144) + 1)) AS span_window
    FROM (SELECT *, epoch(started_at)::BIGINT // 600 AS first_window,
                 greatest(epoch(started_at), epoch(ended_at + INTERVAL 5 SECOND))::BIGINT // 600 AS last_window
          FROM resolved)
), named AS (
    SELECT unit, report_id, started_at, unnest([
               'response|' || response_id || '|' || span_window,
               'request|' || request_id || '|' || span_window,
               CASE WHEN pairing IS NOT NULL THEN concat_ws('|', 'usage', pairing, session_id, span_window) END,
               -- See turns.py.
               CASE WHEN dialect IN ('openclaw-turn', 'openclaw-file', 'openclaw-call') THEN concat_ws('|', 'turn', request_model, span_window) END,
               CASE WHEN span_window = first_window THEN 'logical|' || emitter || '|' || logical_call END
           ]) AS name
    FROM windowed
)
SELECT md5_number_lower(name) AS key, unit, report_id, started_at FROM named WHERE name IS NOT NULL;
