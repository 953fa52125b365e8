-- Why reports are one call is stored with it. IF EXISTS: an older file may have no calls yet.
ALTER TABLE IF EXISTS store.identities ADD COLUMN IF NOT EXISTS joined_by VARCHAR;
