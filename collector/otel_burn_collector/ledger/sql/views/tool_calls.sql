-- A tool call that the model asked for, with its result.
CREATE OR REPLACE VIEW tool_calls AS
SELECT call_id, session_id, agent, agent_id, turn, seq, effect, tool_call_id, tool_name, args_hash, args_sketch,
       result_hash, result_bytes, result_sketch, error_class, result_call_id, started_at
FROM store.tool_calls;
COMMENT ON VIEW tool_calls IS 'A tool call that the model asked for, with its result: as responses list them, else as an agent''s own log records do';
COMMENT ON COLUMN tool_calls.seq IS 'The tool call''s place in its session, from 1';
COMMENT ON COLUMN tool_calls.effect IS 'read, write, run or unknown';
COMMENT ON COLUMN tool_calls.args_hash IS 'Of the arguments, key-sorted; NULL when they were not recorded';
COMMENT ON COLUMN tool_calls.result_hash IS 'NULL until a later call of the session shows the result';
COMMENT ON COLUMN tool_calls.error_class IS 'NULL when the tool succeeded or nothing is known';
COMMENT ON COLUMN tool_calls.started_at IS 'When the response that asked for it began';
COMMENT ON COLUMN tool_calls.args_sketch IS 'As context_blocks.sketch, of the arguments; NULL when they are too short for one';
COMMENT ON COLUMN tool_calls.result_sketch IS 'As context_blocks.sketch';
COMMENT ON COLUMN tool_calls.call_id IS 'The call whose response asked for it';
COMMENT ON COLUMN tool_calls.session_id IS 'That call''s session';
COMMENT ON COLUMN tool_calls.agent IS 'That call''s agent';
COMMENT ON COLUMN tool_calls.agent_id IS 'Tells instances of one agent apart';
COMMENT ON COLUMN tool_calls.turn IS 'That call''s place in its session';
COMMENT ON COLUMN tool_calls.tool_call_id IS 'As the provider gave it';
COMMENT ON COLUMN tool_calls.tool_name IS 'As the model called it';
COMMENT ON COLUMN tool_calls.result_bytes IS 'Of the result as UTF-8';
COMMENT ON COLUMN tool_calls.result_call_id IS 'The call whose context brought the result first';
