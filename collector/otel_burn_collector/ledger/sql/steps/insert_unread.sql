-- Tokens that an agent we know tells in records that no dialect reads.
INSERT INTO store.unknown_usage BY NAME
SELECT attribute, scope_name, scope_version, sum(spans)::BIGINT AS spans, max(last_at) AS last_at,
       arg_max(example, last_at) AS example
FROM new_unread
GROUP BY ALL;
