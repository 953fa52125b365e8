-- Where the damaged bytes of a journal segment were put aside.
ALTER TABLE IF EXISTS journal.damage ADD COLUMN IF NOT EXISTS kept_in VARCHAR;
