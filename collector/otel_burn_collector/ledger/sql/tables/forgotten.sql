-- Traces that are forgotten, by a hash of their id: what is sent again of them makes no rows.
CREATE TABLE IF NOT EXISTS store.forgotten_traces (
    trace_key UBIGINT NOT NULL              -- md5_number_lower(trace_id)
);
