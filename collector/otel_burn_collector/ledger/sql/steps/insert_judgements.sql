-- Each of the detectors has judged each of the partitions; without a state it is judged again next time.
INSERT INTO store.judgements BY NAME
SELECT detector, partition, state, now()::TIMESTAMP_NS AS judged_at
FROM (SELECT unnest($detectors::VARCHAR[]) AS detector), new_states
WHERE state IS NOT NULL;
