-- Which stored lists have the names that new ones go on from? The most complete one of each name, from any time.
CREATE OR REPLACE TEMP TABLE bases AS
SELECT DISTINCT ON (chain_key) chain_key, report_id, node_key, blocks, bytes, opening, missing, parts
FROM store.lists
WHERE chain_key IN (SELECT base_key FROM listings WHERE base_key IS NOT NULL)
  AND report_id NOT IN (SELECT report_id FROM unblocked)
ORDER BY chain_key, missing, report_id;
