-- What did the input of each session look like over its turns? Twenty points each.
WITH turns AS (
    SELECT session_id, turn, input_tokens, max(turn) OVER (PARTITION BY session_id) AS turns
    FROM llm_calls
    WHERE list_contains($sessions::VARCHAR[], session_id)
      AND started_at BETWEEN $from::TIMESTAMP_NS AND $to::TIMESTAMP_NS AND input_tokens IS NOT NULL
), points AS (
    SELECT session_id, (turn - 1) * 20 // greatest(20, turns) AS place, avg(input_tokens) AS tokens
    FROM turns
    GROUP BY ALL
)
SELECT session_id, list(tokens ORDER BY place) AS tokens
FROM points
GROUP BY session_id;
