-- The price table of this version in the place of the one before.
DELETE FROM store.rates;
DELETE FROM store.rates_version;
INSERT INTO store.rates
SELECT id, provider, model, unit, conditions, usd, valid_from::DATE, valid_to::DATE, source FROM new_rates;
INSERT INTO store.rates_version VALUES ($rate_version);
