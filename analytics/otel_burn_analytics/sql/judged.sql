-- In which state were partitions when these detectors judged them?
SELECT detector, partition, state FROM judgements WHERE detector IN (SELECT unnest($detectors::VARCHAR[]));
