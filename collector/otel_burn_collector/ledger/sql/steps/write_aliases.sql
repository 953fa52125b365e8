-- The ids that became names of other calls.
INSERT INTO store.aliases
SELECT DISTINCT alias, call_id FROM assigned_aliases
ANTI JOIN store.aliases AS known USING (alias, call_id);
