"""Which questions does the SQL page offer, for a start?"""

from typing import Final

QUERIES: Final = {
    "Spend by model": """\
SELECT provider, coalesce(response_model, request_model) AS model, count(*) AS calls,
       sum(cost_usd) AS usd, sum(input_tokens) AS input, sum(output_tokens) AS output
FROM llm_calls
GROUP BY ALL
ORDER BY usd DESC NULLS LAST""",
    "Cost lines": """\
SELECT line.unit, sum(line.quantity) AS quantity, sum(line.usd) AS usd
FROM (SELECT unnest(cost_lines) AS line FROM llm_calls)
GROUP BY ALL
ORDER BY usd DESC""",
    "Tools": """\
SELECT tool_name, effect, count(*) AS calls, count(error_class) AS failed,
       sum(result_bytes) AS result_bytes
FROM tool_calls
GROUP BY ALL
ORDER BY calls DESC""",
    "Re-sent content": """\
SELECT hash, any_value(kind) AS kind, any_value(tool_name) AS tool, count(*) AS times_sent,
       max(bytes) AS bytes, sum(tokens) AS tokens, sum(cost_usd) AS usd
FROM context_blocks
GROUP BY hash
HAVING count(*) > 1
ORDER BY usd DESC NULLS LAST
LIMIT 100""",
    "Without a price": """\
SELECT provider, coalesce(response_model, request_model) AS model, cost_status, usage_status,
       count(*) AS calls
FROM llm_calls
WHERE cost_usd IS NULL
GROUP BY ALL
ORDER BY calls DESC""",
}
"""Short names, and SQL that runs on any ledger."""

FIRST: Final = QUERIES["Spend by model"]
