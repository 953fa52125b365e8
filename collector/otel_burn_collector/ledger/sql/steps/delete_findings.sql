-- What did these detectors find in these partitions before?
DELETE FROM store.findings
WHERE list_contains($detectors::VARCHAR[], detector) AND partition IN (SELECT partition FROM new_states);
