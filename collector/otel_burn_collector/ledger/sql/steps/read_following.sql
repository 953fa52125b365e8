-- What stands at these places?
SELECT branch, position, kind, md5_number_lower(kind || '|' || hash) AS key
FROM (SELECT branch, position, kind, hash FROM store.blocks)
SEMI JOIN places USING (branch, position);
