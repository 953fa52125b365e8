-- How many calls have the sessions in scope, and of how many is the context known?
WITH chosen AS (
    SELECT DISTINCT session_id
    FROM llm_calls
    WHERE ($run::VARCHAR IS NULL OR run_id = $run::VARCHAR)
      AND ($since::TIMESTAMP IS NULL OR started_at >= $since::TIMESTAMP)
      AND ($session::VARCHAR IS NULL OR session_id = $session::VARCHAR)
)
SELECT count(*) AS calls, count(context_status) AS calls_with_context
FROM llm_calls SEMI JOIN chosen USING (session_id);
