-- Which names are there to filter by? The most expensive of each dimension.
WITH told AS (
    SELECT ['model', 'provider', 'project', 'agent', 'user', 'work item', 'service'] AS dimensions,
           coalesce(model, provider, project, agent, user_id, work_id, service_name) AS name,
           list_position([grouping(model), grouping(provider), grouping(project), grouping(agent), grouping(user_id),
                          grouping(work_id), grouping(service_name)], 0) AS place,
           sum(cost_usd) AS usd, sum(calls) AS calls
    FROM quarters
    GROUP BY GROUPING SETS (model, provider, project, agent, user_id, work_id, service_name)
)
SELECT dimensions[place] AS dimension, name
FROM told
WHERE name IS NOT NULL
QUALIFY row_number() OVER (PARTITION BY place ORDER BY usd DESC NULLS LAST, calls DESC, name) <= $top::BIGINT
ORDER BY place, usd DESC NULLS LAST, name;
