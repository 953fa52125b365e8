-- Which other reports are under the keys of the touched ones?
CREATE OR REPLACE TEMP TABLE near_links AS
SELECT key, unit, report_id, started_at FROM (
    SELECT * FROM store.links WHERE started_at BETWEEN getvariable('near_from') AND getvariable('near_to')
)
SEMI JOIN (
    SELECT key FROM (
        SELECT key, unit, report_id FROM store.links
        WHERE started_at BETWEEN getvariable('touched_from') AND getvariable('touched_to')
    )
    SEMI JOIN touched USING (unit, report_id)
    UNION ALL FROM left_keys
) AS touched_key USING (key);

-- Callbacks of a framework end in traces of their own, mostly without the response's id: what ran in the same process
-- meanwhile, with the same usage (or with any, where the callback knows none), may be the same call.
SET VARIABLE resolved_to = (SELECT max(greatest(started_at, ended_at)) + INTERVAL 1 SECOND FROM resolved);

CREATE OR REPLACE TEMP TABLE callbacks AS
SELECT *, input_tokens IS NULL AND output_tokens IS NULL AS hollow,
       unnest(range(epoch(started_at)::BIGINT // 60, least(epoch(ended_at)::BIGINT // 60, epoch(started_at)::BIGINT // 60 + 60) + 1)) AS minute
FROM store.reports
WHERE started_at BETWEEN getvariable('touched_from') - INTERVAL 1 HOUR AND getvariable('resolved_to')
  AND ended_at >= getvariable('touched_from') - INTERVAL 1 SECOND
  AND dialect IN ('litellm', 'litellm-proxy', 'litellm-old', 'langtrace', 'openinference-litellm', 'openinference-langchain', 'openllmetry-langchain', 'langsmith')
  AND response_id IS NULL AND request_id IS NULL;

SET VARIABLE callbacks_from = (SELECT min(started_at) - INTERVAL 1 SECOND FROM callbacks);
SET VARIABLE callbacks_to = (SELECT max(ended_at) FROM callbacks);

CREATE OR REPLACE TEMP TABLE accompanied AS
SELECT callback.report_id AS callback_id, callback.unit AS callback_unit, callback.started_at AS callback_started,
       other.report_id AS other_id, other.unit AS other_unit, other.started_at AS other_started,
       abs(epoch_ns(callback.started_at) - epoch_ns(other.started_at)) AS gap, callback.hollow
FROM callbacks AS callback
JOIN (
    SELECT * FROM store.reports
    WHERE started_at BETWEEN getvariable('callbacks_from') AND getvariable('callbacks_to')
) AS other
  ON other.service_name IS NOT DISTINCT FROM callback.service_name
 AND other.instance_id IS NOT DISTINCT FROM callback.instance_id
 AND epoch(other.started_at)::BIGINT // 60 = callback.minute
 AND other.emitter <> callback.emitter
 AND other.started_at BETWEEN callback.started_at - INTERVAL 50 MILLISECOND AND callback.ended_at
 AND other.ended_at <= callback.ended_at + INTERVAL 1 SECOND
 AND other.is_error = callback.is_error
 -- Langtrace leaves out what Anthropic's cache read and wrote.
 AND (callback.hollow OR other.output_tokens = callback.output_tokens
      AND callback.input_tokens IN (other.input_tokens, other.input_tokens - coalesce(other.cache_read_tokens, 0) - coalesce(other.cache_write_tokens, 0)))
 AND (coalesce(other.request_model, other.response_model) IS NULL
      OR list_has_any(list_transform([other.request_model, other.response_model], lambda x: regexp_replace(x, '^.*/|-20[0-9]{2}-?[01][0-9]-?[0-3][0-9]$', '', 'g')),
                  list_transform([callback.request_model, callback.response_model], lambda x: regexp_replace(x, '^.*/|-20[0-9]{2}-?[01][0-9]-?[0-3][0-9]$', '', 'g'))))
WHERE callback.report_id IN (SELECT report_id FROM touched) OR other.report_id IN (SELECT report_id FROM touched);

CREATE OR REPLACE TEMP TABLE linked AS
SELECT DISTINCT unit, report_id, started_at FROM (
    SELECT unit, report_id, started_at FROM near_links
    UNION ALL SELECT callback_unit, callback_id, callback_started FROM accompanied
    UNION ALL SELECT other_unit, other_id, other_started FROM accompanied
)
ANTI JOIN touched USING (report_id) ANTI JOIN seeds USING (report_id);

INSERT INTO seeds SELECT *, false FROM linked;
