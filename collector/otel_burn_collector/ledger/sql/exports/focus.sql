-- FOCUS 1.4 "Cost and Usage": a row for each unit of each model's price, by the hour and whom it is for. Estimates at
-- list prices, not an invoice. Calls that the provider priced itself have one row of the unit Requests.
WITH line AS (
    SELECT started_at, provider, model, region, service_tier, project, agent, work_id, cost_status,
           line.unit AS unit, line.quantity AS quantity, line.rate AS rate, line.usd AS usd, line.rate_id AS rate_id
    FROM (
        SELECT *, coalesce(response_model, request_model) AS model, unnest(cost_lines) AS line FROM llm_calls
        WHERE len(cost_lines) > 0 AND started_at >= $since AND started_at < $until
    )
    UNION ALL
    SELECT started_at, provider, coalesce(response_model, request_model), region, service_tier, project, agent, work_id,
           cost_status, 'requests', 1, cost_usd, cost_usd, NULL
    FROM llm_calls
    WHERE coalesce(len(cost_lines), 0) = 0 AND cost_status = 'reported' AND started_at >= $since AND started_at < $until
), hourly AS (
    SELECT date_trunc('hour', started_at::TIMESTAMP) AS hour, provider, model, region, service_tier, project, agent,
           work_id, unit, rate_id, CASE WHEN rate_id IS NOT NULL THEN rate END AS rate,
           -- The worst status of what is summed.
           CASE WHEN bool_or(cost_status = 'estimated') THEN 'estimated' ELSE min(cost_status) END AS status,
           sum(quantity)::BIGINT AS quantity, sum(usd)::DECIMAL(38, 12) AS usd
    FROM line
    GROUP BY ALL
), named AS (
    SELECT *,
           CASE WHEN unit LIKE '%tokens' THEN 'Tokens' WHEN unit = 'requests' THEN 'Requests'
                ELSE array_to_string(list_transform(string_split(unit, '_'), lambda word: upper(word[1]) || word[2:]), ' ')
           END AS measured
    FROM hourly
)
SELECT usd AS "BilledCost", provider AS "BillingAccountId", provider AS "BillingAccountName", 'USD' AS "BillingCurrency",
       date_trunc('month', hour) AS "BillingPeriodStart", date_trunc('month', hour) + INTERVAL 1 MONTH AS "BillingPeriodEnd",
       'Usage' AS "ChargeCategory", NULL::VARCHAR AS "ChargeClass",
       'Estimate at list price, not an invoice: ' || replace(unit, '_', ' ') || ' of ' || coalesce(model, '?')
           AS "ChargeDescription",
       'Usage-Based' AS "ChargeFrequency", hour AS "ChargePeriodStart", hour + INTERVAL 1 HOUR AS "ChargePeriodEnd",
       quantity AS "ConsumedQuantity", measured AS "ConsumedUnit", usd AS "ContractedCost", rate AS "ContractedUnitPrice",
       usd AS "EffectiveCost", provider AS "HostProviderName", provider AS "InvoiceIssuerName", usd AS "ListCost",
       rate AS "ListUnitPrice", 'Standard' AS "PricingCategory", 'USD' AS "PricingCurrency", quantity AS "PricingQuantity",
       measured AS "PricingUnit", provider AS "PublisherName", region AS "RegionId", region AS "RegionName",
       model AS "ResourceId", model AS "ResourceName", 'Model' AS "ResourceType",
       'AI and Machine Learning' AS "ServiceCategory", coalesce(provider, '') || ' API' AS "ServiceName",
       provider AS "ServiceProviderName", 'Generative AI' AS "ServiceSubcategory", model AS "SkuId",
       replace(unit, '_', ' ') AS "SkuMeter",
       to_json({'unit': unit, 'service_tier': service_tier, 'region': region})::VARCHAR AS "SkuPriceDetails",
       rate_id AS "SkuPriceId", project AS "SubAccountId", project AS "SubAccountName",
       to_json({'project': project, 'agent': agent, 'work_id': work_id})::VARCHAR AS "Tags",
       agent AS "x_Agent", status AS "x_CostStatus", model AS "x_Model", project AS "x_Project",
       service_tier AS "x_ServiceTier", unit AS "x_TokenType", work_id AS "x_WorkItem"
FROM named
ORDER BY hour, provider, model, unit, rate_id, project, agent, work_id;
