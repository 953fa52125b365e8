-- Which names are there to filter by? The most expensive of each dimension.
WITH told AS (
    SELECT unnest(['model', 'provider', 'project', 'agent', 'user', 'work item', 'service']) AS dimension,
           unnest([model, provider, project, agent, user_id, work_id, service_name]) AS name, cost_usd, calls
    FROM quarters
)
SELECT dimension, name
FROM told
WHERE name IS NOT NULL
GROUP BY dimension, name
QUALIFY row_number() OVER (PARTITION BY dimension ORDER BY sum(cost_usd) DESC NULLS LAST, sum(calls) DESC, name) <= $top::BIGINT
ORDER BY list_position(['model', 'provider', 'project', 'agent', 'user', 'work item', 'service'], dimension),
         sum(cost_usd) DESC NULLS LAST, name;
