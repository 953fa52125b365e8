-- The context of each merged call, from the best report that lists it wholly, else from the best that lists any.
CREATE OR REPLACE TEMP TABLE call_contexts AS
SELECT placed.call_id,
       arg_min({status: CASE WHEN list.missing > 0 THEN 'partial' ELSE 'full' END, node_key: list.node_key,
                blocks: list.blocks, bytes: list.bytes, opening: list.opening, parts: list.parts},
               (list.missing > 0, placed.place)) AS context
FROM placed
JOIN (
    SELECT * FROM (SELECT * FROM store.lists WHERE started_at BETWEEN getvariable('touched_from') AND getvariable('touched_to'))
    SEMI JOIN touched USING (unit, report_id)
) AS list USING (report_id)
GROUP BY placed.call_id;
