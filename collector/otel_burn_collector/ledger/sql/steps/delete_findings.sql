-- What did this detector find in these partitions before?
DELETE FROM store.findings
WHERE detector = $detector AND list_contains($partitions::VARCHAR[], partition);
