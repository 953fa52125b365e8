-- What metrics say was used, beside the calls: they never create calls, and show what no call accounts for.
CREATE OR REPLACE VIEW usage_metrics AS
WITH known(metric, input_includes, output_includes) AS (
    VALUES ('gen_ai.client.token.usage', true, true),
           ('claude_code.token.usage', false, true),
           ('codex.turn.token_usage', true, true),
           ('gemini_cli.token.usage', true, false),
           ('openclaw.tokens', false, true)
), point AS (
    SELECT coalesce(service_name, '') AS service_name, scope_name, name AS metric, temporality,
           coalesce(attributes['gen_ai.response.model'], attributes['gen_ai.request.model'], attributes['model'],
                    attributes['openclaw.model']) AS model,
           CASE coalesce(attributes['gen_ai.token.type'], attributes['token_type'], attributes['openclaw.token'], attributes['type'])
               WHEN 'input' THEN 'input' WHEN 'output' THEN 'output' WHEN 'completion' THEN 'output'
               WHEN 'cacheRead' THEN 'cache_read' WHEN 'cache' THEN 'cache_read' WHEN 'cached_input' THEN 'cache_read'
               WHEN 'cache_read' THEN 'cache_read' WHEN 'cacheCreation' THEN 'cache_write'
               WHEN 'cache_write' THEN 'cache_write' WHEN 'cache_write_input' THEN 'cache_write'
               WHEN 'thought' THEN 'reasoning' WHEN 'reasoning_output' THEN 'reasoning' END AS class,
           coalesce(value, sum) AS tokens, coalesce(started_at, measured_at) AS started_at, measured_at,
           md5_number_lower(
               -- In whatever order the attributes came: those of some SDKs (Rust's) have none.
               list_sort(map_entries(attributes))::VARCHAR || list_sort(map_entries(resource))::VARCHAR
                   || coalesce(epoch_ns(started_at)::VARCHAR, '')
           ) AS series
    FROM store.otlp_metrics
    WHERE name IN (SELECT metric FROM known)
), moved AS (
    -- A cumulative series says its sum again and again: what it rose by counts, and all of it where it began anew.
    SELECT *, CASE WHEN temporality = 'cumulative' THEN coalesce(lag(tokens) OVER one_series, 0) ELSE 0 END AS before
    FROM point
    WHERE class IS NOT NULL AND tokens BETWEEN 0 AND 1e15 -- what is no number of tokens says nothing
    WINDOW one_series AS (PARTITION BY service_name, scope_name, metric, temporality, series ORDER BY measured_at, tokens)
), series AS (
    SELECT *, CASE WHEN tokens >= before THEN tokens - before ELSE tokens END AS more FROM moved
)
SELECT service_name, scope_name, metric, model, min(started_at) AS started_at, max(measured_at) AS ended_at,
       sum(more) FILTER (class = 'input' OR (NOT input_includes AND class IN ('cache_read', 'cache_write')))::BIGINT AS input_tokens,
       sum(more) FILTER (class = 'output' OR (NOT output_includes AND class = 'reasoning'))::BIGINT AS output_tokens
FROM series JOIN known USING (metric)
GROUP BY service_name, scope_name, metric, model;
COMMENT ON VIEW usage_metrics IS 'Tokens by an emitter''s own metrics, one row a metric, model and service; they never make calls';
COMMENT ON COLUMN usage_metrics.service_name IS '`service.name` of the program; empty where it says none';
COMMENT ON COLUMN usage_metrics.scope_name IS 'The instrumentation that measured';
COMMENT ON COLUMN usage_metrics.metric IS 'Of the metric';
COMMENT ON COLUMN usage_metrics.model IS 'The model that answered, else the one that was asked for';
COMMENT ON COLUMN usage_metrics.started_at IS 'Since when it counts (UTC)';
COMMENT ON COLUMN usage_metrics.ended_at IS 'When it was measured last (UTC)';
COMMENT ON COLUMN usage_metrics.input_tokens IS 'Cache included, as far as the metric says it';
COMMENT ON COLUMN usage_metrics.output_tokens IS 'Reasoning included, as far as the metric says it';
