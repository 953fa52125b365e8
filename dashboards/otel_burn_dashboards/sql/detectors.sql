-- How many findings does each detector have in this time?
SELECT detector, tier, count(*) FILTER (NOT expected) AS findings, count(*) FILTER (expected) AS expected
FROM findings
WHERE ($since::TIMESTAMP IS NULL OR last_at >= $since::TIMESTAMP) AND ($until::TIMESTAMP IS NULL OR first_at < $until::TIMESTAMP)
GROUP BY ALL
ORDER BY detector, tier;
