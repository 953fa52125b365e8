-- The touched reports made no calls before, as far as is known.
CREATE OR REPLACE TEMP TABLE old_calls AS SELECT call_key, call_id FROM store.calls LIMIT 0;
CREATE OR REPLACE TEMP TABLE gone_calls AS SELECT call_key, session_key, session_id FROM store.calls LIMIT 0;
