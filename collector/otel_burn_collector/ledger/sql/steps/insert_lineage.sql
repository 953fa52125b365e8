-- Who is whose parent among the new spans, and what they tell the calls below them.
INSERT INTO store.lineage BY NAME
WITH told AS (
    SELECT trace_id, span_id, field, arg_min(value, position) AS value
    FROM (
        SELECT trace_id, span_id, carrier.field, carrier.position, entry.value
        FROM (SELECT trace_id, span_id, unnest(map_entries(attributes)) AS entry FROM new_spans)
        JOIN store.dialect_fields AS carrier ON carrier.dialect = '*' AND carrier.attribute = entry.key
        WHERE entry.value NOT IN ('', 'null')
    )
    GROUP BY trace_id, span_id, field
), telling AS (
    SELECT trace_id, span_id, map_from_entries(list((field, value))) AS f FROM told GROUP BY trace_id, span_id
)
SELECT md5_number_lower(span.trace_id) AS trace_key, span.span_id, span.parent_span_id,
       least(coalesce(span.started_at, span.ended_at, TIMESTAMP_NS '1970-01-01'), TIMESTAMP_NS '2250-01-01')
           AS started_at,
       f['session_id'] AS session_id, f['agent'] AS agent, f['agent_id'] AS agent_id, f['user_id'] AS user_id,
       f['work_id'] AS work_id, f['project'] AS project, f['request_model'] AS request_model
FROM new_spans AS span
LEFT JOIN telling ON telling.trace_id = span.trace_id AND telling.span_id = span.span_id;
