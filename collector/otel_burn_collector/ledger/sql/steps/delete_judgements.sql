-- When these detectors judged these partitions before no longer matters.
DELETE FROM store.judgements
WHERE list_contains($detectors::VARCHAR[], detector) AND partition IN (SELECT partition FROM new_states);
