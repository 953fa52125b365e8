-- How many sessions are there in this time, how many were judged as they are, when the last time, and what is expected?
SELECT count(*) AS sessions, count(*) FILTER (judged_at >= ended_at) AS judged, max(judged_at)::TIMESTAMP AS as_of,
       (SELECT count(*)
        FROM findings
        WHERE expected AND ($since::TIMESTAMP IS NULL OR last_at >= $since::TIMESTAMP)
          AND ($until::TIMESTAMP IS NULL OR first_at < $until::TIMESTAMP)) AS expected
FROM sessions
LEFT JOIN (SELECT partition AS session_id, max(judged_at) AS judged_at FROM judgements GROUP BY partition) USING (session_id)
WHERE ($since::TIMESTAMP IS NULL OR ended_at >= $since::TIMESTAMP) AND ($until::TIMESTAMP IS NULL OR started_at < $until::TIMESTAMP)
  AND ($agents::VARCHAR[] IS NULL OR list_contains($agents::VARCHAR[], agent))
  AND ($sessions::VARCHAR[] IS NULL OR list_contains($sessions::VARCHAR[], session_id));
