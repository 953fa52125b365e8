-- Has any detector judged a session?
SELECT count(*) > 0 AS judged FROM judgements WHERE partition = $session::VARCHAR;
