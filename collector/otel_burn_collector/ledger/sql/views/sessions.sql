-- A conversation, named or told by its contexts, or the rest of a run.
CREATE OR REPLACE VIEW sessions AS
SELECT session_id, session_source, parent_session_id, run_id, project, agent, work_id, started_at, ended_at, calls,
       input_tokens, uncached_input_tokens, cache_read_tokens, cache_write_tokens, output_tokens, reasoning_tokens,
       cost_usd, unpriced_calls
FROM store.sessions;
COMMENT ON VIEW sessions IS 'A conversation, named or told by its contexts, or the rest of a run';
COMMENT ON COLUMN sessions.session_source IS 'given (an id was reported), threaded (calls whose contexts go on from each other) or run (the rest)';
COMMENT ON COLUMN sessions.parent_session_id IS 'What started the session, or what it was forked from, as its log tells; of a threaded one, where it branched off: it began with a context of that one';
COMMENT ON COLUMN sessions.calls IS 'Failed calls too';
COMMENT ON COLUMN sessions.cost_usd IS 'Of the priced calls; NULL when none is';
COMMENT ON COLUMN sessions.unpriced_calls IS 'Calls that cost something unknown';
COMMENT ON COLUMN sessions.session_id IS 'The conversation''s id, or one that was made for it';
COMMENT ON COLUMN sessions.run_id IS 'The `otel-burn run` that it belongs to';
COMMENT ON COLUMN sessions.project IS 'Directory or repository; NULL when nobody said';
COMMENT ON COLUMN sessions.agent IS 'The agent''s name, else the service''s';
COMMENT ON COLUMN sessions.work_id IS 'The work item that pays for it';
COMMENT ON COLUMN sessions.started_at IS 'When its first call began (UTC)';
COMMENT ON COLUMN sessions.ended_at IS 'When its last call ended (UTC)';
COMMENT ON COLUMN sessions.input_tokens IS 'Sum over its calls, cache included';
COMMENT ON COLUMN sessions.uncached_input_tokens IS 'Of these, neither served nor stored by a cache';
COMMENT ON COLUMN sessions.cache_read_tokens IS 'Of these, served by a cache';
COMMENT ON COLUMN sessions.cache_write_tokens IS 'Of these, stored in a cache';
COMMENT ON COLUMN sessions.output_tokens IS 'Sum over its calls, reasoning included';
COMMENT ON COLUMN sessions.reasoning_tokens IS 'Of these, reasoning';
