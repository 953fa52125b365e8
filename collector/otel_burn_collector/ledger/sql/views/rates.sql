-- A dated price.
CREATE OR REPLACE VIEW rates AS SELECT * FROM store.rates;
COMMENT ON VIEW rates IS 'A dated price of one unit';
COMMENT ON COLUMN rates.id IS 'What `cost_lines` names: another price, date or condition is another id';
COMMENT ON COLUMN rates.conditions IS 'JSON: what the price asks for; `kind: factor` multiplies the tokens of every model whose name the pattern `model` finds';
COMMENT ON COLUMN rates.valid_to IS 'The first day on which it no longer holds';
COMMENT ON COLUMN rates.provider IS 'Who bills';
COMMENT ON COLUMN rates.model IS 'As the provider names it';
COMMENT ON COLUMN rates.unit IS 'What is counted; `*`: every kind of token';
COMMENT ON COLUMN rates.usd IS 'Dollars for one unit';
COMMENT ON COLUMN rates.valid_from IS 'The first day on which it holds; NULL: since ever';
COMMENT ON COLUMN rates.source IS 'Where the price was published';
