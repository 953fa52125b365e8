-- Which tools were called in each turn, and which of the calls failed?
SELECT turn, coalesce(tool_name, 'unnamed tool') AS tool, count(*) AS calls, count(error_class) AS errors,
       string_agg(DISTINCT error_class, ', ') AS error
FROM tool_calls
WHERE session_id = $session::VARCHAR AND started_at BETWEEN $from::TIMESTAMP_NS AND $to::TIMESTAMP_NS
GROUP BY ALL
ORDER BY turn, tool;
