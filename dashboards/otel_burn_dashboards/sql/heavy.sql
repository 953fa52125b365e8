-- Which are the most expensive sessions in scope, as many as have $calls calls, one at least? In a ledger of more than
-- $few calls no more than $most.
SELECT session_id, (SELECT count(*) FROM llm_calls) > $few::BIGINT AS one_by_one
FROM (
    SELECT session_id, sum(calls) AS calls, sum(spent_usd) AS usd, sum(input_tokens) AS tokens
    FROM spent
    GROUP BY session_id
)
WINDOW dearest AS (ORDER BY usd DESC NULLS LAST, tokens DESC NULLS LAST, session_id)
QUALIFY (sum(calls) OVER dearest <= $calls::BIGINT OR row_number() OVER dearest = 1)
    AND (row_number() OVER dearest <= $most::BIGINT OR NOT one_by_one);
