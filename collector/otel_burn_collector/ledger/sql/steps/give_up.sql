-- Reports that nothing can be derived from must not hold up all others, now or in a rebuild.
DELETE FROM store.reports
WHERE unit = getvariable('given_up')
  AND report_id IN (SELECT report_id FROM store.pending WHERE unit = getvariable('given_up'));
DELETE FROM store.pending WHERE unit = getvariable('given_up');
