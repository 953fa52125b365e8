-- What did each user's and each project's calls burn?
-- NULL where nobody said whose a call was.
SELECT user_id, project, count(*) AS calls, sum(input_tokens)::BIGINT AS input, sum(output_tokens)::BIGINT AS output,
       sum(cost_usd) AS usd
FROM llm_calls
WHERE $since::TIMESTAMP IS NULL OR started_at >= $since::TIMESTAMP
GROUP BY ALL
ORDER BY usd DESC NULLS LAST, calls DESC;
