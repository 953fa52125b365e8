-- Which sessions branched off this one?
SELECT session_id, agent, started_at, ended_at, calls, cost_usd
FROM sessions
WHERE parent_session_id = $session::VARCHAR
ORDER BY started_at
LIMIT 50;
