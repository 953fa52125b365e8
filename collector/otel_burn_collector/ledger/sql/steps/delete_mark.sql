-- Forget what was said of a finding.
DELETE FROM store.marks WHERE finding_id = $finding_id;
