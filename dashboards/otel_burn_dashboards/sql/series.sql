-- What burned in each stretch of time, by the most expensive names?
, ranks AS (
    SELECT name, row_number() OVER (ORDER BY sum(spent_usd) DESC NULLS LAST, sum(input_tokens) DESC NULLS LAST, name) AS rank
    FROM spent
    GROUP BY name
), edges AS (
    SELECT unnest($edges::TIMESTAMP[]) AS bucket
)
SELECT bucket, CASE WHEN rank <= $top::BIGINT THEN name ELSE 'all others' END AS name, min(rank) AS rank,
       sum(calls)::BIGINT AS calls,
       coalesce(sum(input_tokens), 0)::BIGINT + coalesce(sum(output_tokens), 0)::BIGINT AS tokens,
       sum(spent_usd)::DOUBLE AS dollars
FROM spent
JOIN ranks USING (name)
ASOF JOIN edges ON spent.began_at >= edges.bucket
GROUP BY ALL
ORDER BY bucket, rank;
