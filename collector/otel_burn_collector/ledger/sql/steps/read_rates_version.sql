-- Which rates are loaded?
SELECT rate_version FROM store.rates_version;
