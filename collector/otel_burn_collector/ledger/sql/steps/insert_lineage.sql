-- Who is whose parent among the new spans, and what they tell the calls below them.
INSERT INTO store.lineage BY NAME
WITH told AS (
    SELECT "row",
           arg_min(value, position) FILTER (field = 'session_id') AS session_id,
           arg_min(value, position) FILTER (field = 'agent') AS agent,
           arg_min(value, position) FILTER (field = 'node') AS node,
           arg_min(value, position) FILTER (field = 'agent_id') AS agent_id,
           arg_min(value, position) FILTER (field = 'user_id') AS user_id,
           arg_min(value, position) FILTER (field = 'work_id') AS work_id,
           arg_min(value, position) FILTER (field = 'project') AS project,
           arg_min(value, position) FILTER (field = 'request_model') AS request_model
    FROM batch_fields AS said
    JOIN store.dialect_fields AS carrier ON carrier.dialect = '*' AND carrier.attribute = said.key
    -- A response's id is no session, though Microsoft's Agent Framework calls it the conversation.
    WHERE value NOT IN ('', 'null') AND NOT (field = 'session_id' AND starts_with(value, 'resp_'))
    GROUP BY "row"
)
SELECT md5_number_lower(trace_id) AS trace_key, span_id, parent_span_id,
       least(coalesce(started_at, ended_at, TIMESTAMP_NS '1970-01-01'), TIMESTAMP_NS '2250-01-01') AS started_at,
       -- OpenInference's graphs are made of agents, but for LangGraph's, whose nodes are steps of one.
       told.* EXCLUDE ("row", node)
              REPLACE (coalesce(agent, CASE WHEN scope_name NOT LIKE '%langchain' THEN node END) AS agent)
FROM new_spans
LEFT JOIN told USING ("row");
