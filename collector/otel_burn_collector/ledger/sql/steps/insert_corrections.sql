-- What was corrected in the new reports.
INSERT INTO store.corrections BY NAME SELECT * FROM new_corrections;
