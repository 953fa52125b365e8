-- Say of a finding whether it is expected.
INSERT INTO store.marks VALUES ($finding_id, $expected, $note, make_timestamp_ns($marked_at));
