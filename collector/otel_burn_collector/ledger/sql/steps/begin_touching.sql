-- No report has left a key so far.
CREATE OR REPLACE TEMP TABLE left_keys AS SELECT key FROM store.links LIMIT 0;
