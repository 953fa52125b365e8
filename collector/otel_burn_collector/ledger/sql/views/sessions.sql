-- A conversation, or a run where no conversation was named.
CREATE OR REPLACE VIEW sessions AS
SELECT session_id, session_source, parent_session_id, run_id, project, agent, work_id, started_at, ended_at, calls,
       input_tokens, uncached_input_tokens, cache_read_tokens, cache_write_tokens, output_tokens, reasoning_tokens,
       cost_usd, unpriced_calls
FROM store.sessions;
COMMENT ON VIEW sessions IS 'A conversation, or a run where no conversation was named';
COMMENT ON COLUMN sessions.session_source IS 'given (an id was reported) or run';
COMMENT ON COLUMN sessions.calls IS 'Failed calls too';
COMMENT ON COLUMN sessions.cost_usd IS 'Of the priced calls; NULL when none is';
COMMENT ON COLUMN sessions.unpriced_calls IS 'Calls that cost something unknown';
