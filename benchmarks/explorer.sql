-- What benchmarks/explorer.py fills a ledger with; each statement under its name.

-- name: calls
INSERT INTO store.calls BY NAME
WITH numbered AS (
    SELECT i, i // 100 AS session, i % 100 + 1 AS turn, hash(i) AS dice FROM range($from::BIGINT, $to::BIGINT) AS _(i)
), told AS (
    SELECT *, md5('s' || session)::UUID::VARCHAR AS session_id, 2000 + turn * 400 AS read, 100 + dice % 400 AS wrote,
           list_value('gpt-5', 'gpt-5-mini', 'claude-opus-5-5', 'claude-sonnet-5-5', 'claude-haiku-5', 'gemini-3-pro',
                      'gemini-3-flash', 'house-model')[(session * 7 % 8)::BIGINT + 1] AS model,
           $begin::TIMESTAMP + to_microseconds(((session * $every::DOUBLE + turn * 20.0) * 1000000)::BIGINT) AS moment
    FROM numbered
), counted AS (
    SELECT *, CASE WHEN turn % 9 = 0 THEN 0 ELSE (read * 8) // 10 END AS cached, dice % 50 = 0 AS failed
    FROM told
)
SELECT md5_number_lower(i::VARCHAR) AS call_key, md5_number_lower(session_id) AS session_key,
       md5(i::VARCHAR) AS call_id, ['otel_burn@0.1.0'] AS sources, moment::TIMESTAMP_NS AS started_at,
       (moment + INTERVAL 2 SECOND)::TIMESTAMP_NS AS ended_at, 2000.0 + dice % 3000 AS duration_ms,
       'service-' || session % 12 AS service_name, 'project-' || session % 40 AS project, session_id,
       'given' AS session_source, turn, 'agent-' || session % 25 AS agent, 'agent-' || session % 25 AS agent_id,
       'TICKET-' || session % 2000 AS work_id, 'user-' || session % 200 AS user_id, 'run-' || session AS run_id,
       CASE WHEN model LIKE 'gpt%' THEN 'openai' WHEN model LIKE 'claude%' THEN 'anthropic' WHEN model LIKE 'gem%'
            THEN 'gcp.gemini' ELSE 'house' END AS provider, model AS request_model, model AS response_model,
       'chat' AS operation, true AS stream, CASE WHEN failed THEN 'error' ELSE 'ok' END AS status,
       CASE WHEN failed THEN '429' END AS error_type, CASE WHEN failed THEN 429 ELSE 200 END AS http_status, 1 AS attempts,
       CASE WHEN failed THEN NULL WHEN turn % 3 = 0 THEN 'stop' ELSE 'tool_calls' END AS finish_reason,
       CASE WHEN NOT failed THEN read END AS input_tokens, CASE WHEN NOT failed THEN read - cached END AS uncached_input_tokens,
       CASE WHEN NOT failed THEN cached END AS cache_read_tokens, CASE WHEN NOT failed THEN wrote END AS output_tokens,
       CASE WHEN failed THEN 'missing' ELSE 'exact' END AS usage_status,
       CASE WHEN failed THEN 0 WHEN model <> 'house-model'
            THEN ((read - cached) * 3e-6 + cached * 3e-7 + wrote * 15e-6) END::DECIMAL(38, 12) AS cost_usd,
       CASE WHEN failed THEN 'not_metered' WHEN model = 'house-model' THEN 'unpriced' ELSE 'computed' END AS cost_status,
       CASE WHEN failed OR model = 'house-model' THEN NULL ELSE list_value(
           {unit: 'input_tokens', quantity: (read - cached)::BIGINT, rate: 3e-6::DECIMAL(38, 18), usd: ((read - cached) * 3e-6)::DECIMAL(38, 12)},
           {unit: 'cache_read_tokens', quantity: cached::BIGINT, rate: 3e-7::DECIMAL(38, 18), usd: (cached * 3e-7)::DECIMAL(38, 12)},
           {unit: 'output_tokens', quantity: wrote::BIGINT, rate: 15e-6::DECIMAL(38, 18), usd: (wrote * 15e-6)::DECIMAL(38, 12)}) END AS cost_lines,
       {'read': (cached * 300000)::HUGEINT, 'write': 0::HUGEINT, 'rest': ((read - cached) * 3000000)::HUGEINT} AS input_pico,
       'full' AS context_status, 2 * turn AS context_blocks, 1600 * turn AS context_bytes,
       [{branch: session, "first": 1, "last": 2 * turn}] AS context_parts,
       md5('t' || session) AS trace_id, left(md5('c' || i), 16) AS span_id
FROM counted

-- name: sessions
INSERT INTO store.sessions BY NAME
SELECT md5_number_lower(session_id) AS session_key, session_id, 'given' AS session_source,
       any_value(run_id) AS run_id, any_value(project) AS project, any_value(agent) AS agent, any_value(work_id) AS work_id,
       min(started_at) AS started_at, max(ended_at) AS ended_at, count(*) AS calls, sum(input_tokens) AS input_tokens,
       sum(uncached_input_tokens) AS uncached_input_tokens, sum(cache_read_tokens) AS cache_read_tokens,
       sum(output_tokens) AS output_tokens, sum(cost_usd) AS cost_usd,
       count(*) FILTER (cost_status = 'unpriced') AS unpriced_calls
FROM store.calls
WHERE started_at >= $from::TIMESTAMP AND started_at < $to::TIMESTAMP
GROUP BY session_id

-- name: blocks
INSERT INTO store.blocks BY NAME
SELECT i // 200 AS branch, i % 200 + 1 AS position, hash(i) AS node_key, $begin::TIMESTAMP_NS AS listed_at,
       CASE WHEN i % 200 = 0 THEN 'system' WHEN i % 200 = 1 THEN 'user' WHEN i % 2 = 0 THEN 'tool_call'
            ELSE 'tool_result' END AS kind, left(md5(i::VARCHAR), 16) AS hash, 800 AS bytes,
       800 * (i % 200 + 1) AS upto, CASE WHEN i % 200 > 1 THEN 'tool-' || i % 7 END AS tool_name,
       CASE WHEN i % 200 > 1 THEN 't' || i // 2 END AS tool_call_id
FROM range($from::BIGINT, $to::BIGINT) AS _(i)

-- name: firsts
INSERT INTO store.first_blocks BY NAME
SELECT md5_number_lower(session_id) AS session_key, session_id, left(md5(i::VARCHAR), 16) AS hash,
       $begin::TIMESTAMP_NS AS started_at, md5(((i // 200) * 100 + (i % 200) // 2)::VARCHAR) AS call_id
FROM (SELECT i, md5('s' || i // 200)::UUID::VARCHAR AS session_id FROM range($from::BIGINT, $to::BIGINT) AS _(i))

-- name: tools
INSERT INTO store.tool_calls BY NAME
SELECT call_key, session_key, call_id, session_id, agent, agent_id, turn, turn AS seq, 1 AS position, 'read' AS effect,
       't' || (turn + substr(run_id, 5)::BIGINT * 100) AS tool_call_id, 'tool-' || hash(call_id) % 7 AS tool_name,
       left(md5(call_id), 16) AS args_hash, left(md5('r' || call_id), 16) AS result_hash, 800 AS result_bytes,
       CASE WHEN hash(call_id) % 30 = 0 THEN 'TimeoutError' END AS error_class, 'response' AS told_by, started_at
FROM store.calls
WHERE finish_reason = 'tool_calls' AND started_at >= $from::TIMESTAMP AND started_at < $to::TIMESTAMP

-- name: findings
INSERT INTO store.findings BY NAME
SELECT md5('f' || session_id)[:16] AS finding_id,
       list_value('loops', 'context_bloat', 'heartbeats', 'cache_misses')[(hash(session_id) % 4)::BIGINT + 1] AS detector,
       session_id AS partition, list_value('loop', 'waste', 'warn')[(hash(session_id) % 3)::BIGINT + 1] AS tier, session_id,
       agent, work_id, [md5((substr(run_id, 5)::BIGINT * 100 + 5)::VARCHAR), md5((substr(run_id, 5)::BIGINT * 100 + 6)::VARCHAR)] AS call_ids,
       []::VARCHAR[] AS span_ids, started_at AS first_at, ended_at AS last_at, calls * 100 AS wasted_tokens,
       cost_usd / 10 AS wasted_usd_low, cost_usd / 5 AS wasted_usd_high, 0.8 AS confidence,
       'The same call, again and again. It cost what it cost.' AS evidence, 'Stop it after the second time.' AS fix, ended_at AS found_at
FROM store.sessions WHERE hash(session_id) % 5 = 0

-- name: trace
INSERT INTO store.otlp_spans BY NAME
SELECT repeat('f', 32) AS trace_id, printf('%016x', i) AS span_id,
       CASE WHEN i > 0 THEN printf('%016x', (i - 1) // 8) END AS parent_span_id,
       CASE WHEN i % 3 = 0 THEN 'chat gpt-5' ELSE 'step ' || i % 20 END AS name, 'INTERNAL' AS kind,
       ($begin::TIMESTAMP + to_milliseconds(i * 2))::TIMESTAMP_NS AS started_at,
       ($begin::TIMESTAMP + to_milliseconds(i * 2 + greatest(1, 100000 // (i + 1))))::TIMESTAMP_NS AS ended_at,
       'UNSET' AS status, 'service-1' AS service_name, 'agent' AS scope_name,
       MAP {}::MAP(VARCHAR, VARCHAR) AS attributes, MAP {}::MAP(VARCHAR, VARCHAR) AS resource
FROM range(50000) AS _(i)
