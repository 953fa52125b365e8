-- A dated price.
CREATE OR REPLACE VIEW rates AS SELECT * FROM store.rates;
COMMENT ON VIEW rates IS 'A dated price of one unit';
COMMENT ON COLUMN rates.conditions IS 'JSON: what the price asks for';
COMMENT ON COLUMN rates.valid_to IS 'The first day on which it no longer holds';
