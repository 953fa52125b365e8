-- Which stored lists have the names that new ones go on from? The most complete one of each name: near the batch, else
-- from any time.
CREATE OR REPLACE TEMP TABLE near_bases AS
SELECT * FROM (SELECT * FROM store.lists WHERE started_at BETWEEN getvariable('near_from') AND getvariable('near_to'))
WHERE chain_key IN (SELECT base_key FROM listings WHERE base_key IS NOT NULL);

CREATE OR REPLACE TEMP TABLE bases AS
SELECT DISTINCT ON (chain_key) chain_key, report_id, node_key, blocks, bytes, opening, missing, parts
FROM (
    FROM near_bases
    UNION
    SELECT * FROM store.lists
    WHERE chain_key IN (
        SELECT base_key FROM listings WHERE base_key IS NOT NULL
        EXCEPT SELECT chain_key FROM near_bases WHERE missing = 0
        EXCEPT SELECT chain_key FROM listings WHERE base_key IS NULL
    )
)
ANTI JOIN unblocked USING (report_id)
ORDER BY chain_key, missing, report_id;
