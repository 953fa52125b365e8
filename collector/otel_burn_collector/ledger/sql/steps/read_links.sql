-- Pairs of reports of different emitters that name the same thing. A request id is the provider's own and unique;
-- a response id also needs the model, and the provider or the usage, and the time or the usage. One instrumentation in
-- two processes reports one call only where one report lies within the other in time, as a gateway's does within its
-- client's: servers reuse response ids, and a second process that asks the same again pays again.
WITH near AS MATERIALIZED (
    SELECT near_links.key, report_id, emitter, request_id, response_id, pairing
    FROM near_links JOIN (SELECT report_id, emitter, request_id, response_id, pairing FROM resolved) USING (report_id)
), shared AS (
    -- A thousand calls of one emitter under one key are no pair.
    SELECT key FROM near GROUP BY key HAVING min(emitter) <> max(emitter)
), pair AS MATERIALIZED (
    SELECT DISTINCT one.report_id AS one_id, two.report_id AS two_id
    FROM (FROM near SEMI JOIN shared USING (key)) AS one
    JOIN near AS two ON two.key = one.key AND one.report_id < two.report_id AND one.emitter <> two.emitter
     AND (one.request_id = two.request_id OR one.response_id = two.response_id OR one.pairing = two.pairing)
), one AS MATERIALIZED (
    -- In steps: left to itself, the planner compares all reports with all by time.
    SELECT pair.two_id, resolved.* FROM pair JOIN resolved ON resolved.report_id = pair.one_id
), compared AS (
    SELECT one.report_id AS left_id, two.report_id AS right_id,
           abs(epoch_ns(one.started_at) - epoch_ns(two.started_at)) AS gap,
           one.request_id = two.request_id AS same_request,
           one.response_id = two.response_id AS same_response,
           one.pairing = two.pairing AND one.session_id IS NOT DISTINCT FROM two.session_id AS same_pairing,
           one.provider IS NULL OR two.provider IS NULL OR one.provider = two.provider AS same_provider,
           list_has_any(list_transform([one.request_model, one.response_model], lambda x: regexp_replace(x, '^.*/|-20[0-9]{2}-?[01][0-9]-?[0-3][0-9]$', '', 'g')),
                        list_transform([two.request_model, two.response_model], lambda x: regexp_replace(x, '^.*/|-20[0-9]{2}-?[01][0-9]-?[0-3][0-9]$', '', 'g')))
               AS same_model,
           one.input_tokens = two.input_tokens AND one.output_tokens = two.output_tokens AS same_usage,
           regexp_replace(one.emitter, '[|][^|]*$', '') <> regexp_replace(two.emitter, '[|][^|]*$', '') AS other_scope,
           one.started_at <= two.started_at AND two.ended_at <= one.ended_at
               OR two.started_at <= one.started_at AND one.ended_at <= two.ended_at AS within,
           one.started_at <= two.ended_at + INTERVAL 5 SECOND
               AND two.started_at <= one.ended_at + INTERVAL 5 SECOND AS overlap
    FROM one
    JOIN resolved AS two ON two.report_id = one.two_id
)
SELECT gap, left_id AS "left", right_id AS "right",
       CASE WHEN same_request THEN 'same request id' WHEN same_response AND same_model THEN 'same response id'
            ELSE 'same session, time and usage' END AS rule
FROM compared
WHERE (other_scope OR within) AND (coalesce(same_request, false)
   OR coalesce(same_response AND same_model AND (same_provider AND (overlap OR same_usage) OR overlap AND same_usage), false))
   OR other_scope AND coalesce(same_pairing AND overlap, false)
UNION ALL
-- Those that agree in the usage first.
SELECT DISTINCT gap + CASE WHEN hollow THEN 3_600_000_000_000 ELSE 0 END, callback_id, other_id, 'same process, time and usage'
FROM accompanied;
