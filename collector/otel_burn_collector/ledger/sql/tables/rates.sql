-- The dated price table of otel_burn.prices, as it was when this ledger was opened last.
CREATE TABLE IF NOT EXISTS store.rates (
    id         VARCHAR,                     -- what cost_lines names; another price is another id
    provider   VARCHAR,
    model      VARCHAR,
    unit       VARCHAR,
    conditions VARCHAR,                     -- JSON object; "{}" for none
    usd        DECIMAL(38, 24),             -- per one unit: a token may cost less than 10^-12 dollars exactly
    valid_from DATE,                        -- NULL: since ever
    valid_to   DATE,                        -- the first day on which it no longer holds
    source     VARCHAR
);
CREATE TABLE IF NOT EXISTS store.rates_version (
    rate_version VARCHAR NOT NULL
);
