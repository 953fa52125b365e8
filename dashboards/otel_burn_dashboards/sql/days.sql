-- What did each of the reader's days cost?
, edges AS (SELECT unnest($edges::TIMESTAMP[]) AS day)
SELECT edges.day, coalesce(sum(spent_usd), 0)::DOUBLE AS dollars
FROM edges LEFT JOIN (SELECT * FROM spent ASOF JOIN edges ON spent.began_at >= edges.day) AS spent ON spent.day = edges.day
GROUP BY ALL
ORDER BY edges.day;
