-- A conversation, named or told by its contexts, or the rest of a run.
CREATE OR REPLACE VIEW sessions AS
SELECT session_id, session_source, parent_session_id, run_id, project, agent, work_id, started_at, ended_at, calls,
       input_tokens, uncached_input_tokens, cache_read_tokens, cache_write_tokens, output_tokens, reasoning_tokens,
       cost_usd, unpriced_calls
FROM store.sessions;
COMMENT ON VIEW sessions IS 'A conversation, named or told by its contexts, or the rest of a run';
COMMENT ON COLUMN sessions.session_source IS 'given (an id was reported), threaded (calls whose contexts go on from each other) or run (the rest)';
COMMENT ON COLUMN sessions.parent_session_id IS 'Where a threaded session branched off: it began with a context of that one';
COMMENT ON COLUMN sessions.calls IS 'Failed calls too';
COMMENT ON COLUMN sessions.cost_usd IS 'Of the priced calls; NULL when none is';
COMMENT ON COLUMN sessions.unpriced_calls IS 'Calls that cost something unknown';
