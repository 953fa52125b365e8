-- When did any detector judge a session last?
SELECT max(judged_at)::TIMESTAMP AS judged_at FROM judgements WHERE partition = $session::VARCHAR;
