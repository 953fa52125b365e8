-- What is billed beside tokens, why a call has its price, and the ids of rates. Older reports have no extras.
ALTER TABLE IF EXISTS store.reports ADD COLUMN IF NOT EXISTS extras VARCHAR;
DROP TABLE IF EXISTS store.calls;
DROP TABLE IF EXISTS store.rates;
DROP TABLE IF EXISTS store.rates_version;
