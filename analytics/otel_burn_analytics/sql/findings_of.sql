-- What did these detectors say of some partitions when they judged them last?
SELECT *
FROM findings
WHERE detector IN (SELECT unnest($detectors::VARCHAR[])) AND partition IN (SELECT unnest($keys::VARCHAR[]));
