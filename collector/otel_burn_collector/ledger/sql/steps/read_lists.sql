-- The lists to be placed, as otel_burn_collector.ledger.chains wants them. Only a list with a name can begin others,
-- so only of those is every block's place of interest.
SELECT listing.report_id, chain_key, base_key, base_blocks, len(hashes) AS listed, opening,
       coalesce(own.sum, 0::UBIGINT) AS own_sum, coalesce(own.bytes, 0) AS own_bytes,
       CASE WHEN chain_key IS NOT NULL THEN own.sums END AS sums,
       CASE WHEN chain_key IS NOT NULL THEN own.sizes END AS sizes
FROM listings AS listing
LEFT JOIN (
    SELECT report_id, arg_max(own_sum, position) AS sum, max(own_upto) AS bytes,
           list(own_sum ORDER BY position) AS sums, list(own_upto ORDER BY position) AS sizes,
           min(position) FILTER (kind NOT IN ('system', 'tool_definition')) AS opening
    FROM own_blocks
    GROUP BY report_id
) AS own ON own.report_id = listing.report_id
ORDER BY listing.started_at, listing.report_id;
