-- Which sessions have calls in scope, and how many calls have they in all?
SELECT session_id, calls
FROM sessions
WHERE session_id IN (
    SELECT session_id
    FROM llm_calls
    WHERE ($run::VARCHAR IS NULL OR run_id = $run::VARCHAR)
      AND ($since::TIMESTAMP IS NULL OR started_at >= $since::TIMESTAMP)
      AND ($session::VARCHAR IS NULL OR session_id = $session::VARCHAR)
)
ORDER BY session_id;
