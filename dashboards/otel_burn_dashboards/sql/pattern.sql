-- Which tool calls do the turns of a finding repeat?
SELECT turn, seq, tool_name, args_hash, result_hash, error_class
FROM tool_calls
WHERE list_contains($calls::VARCHAR[], call_id) AND started_at BETWEEN $from::TIMESTAMP_NS AND $to::TIMESTAMP_NS
ORDER BY session_id, seq
LIMIT $top::BIGINT;
