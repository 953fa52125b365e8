-- Under which calls were the touched reports published before?
SELECT report_id, call_id, publication
FROM store.identities SEMI JOIN touched USING (unit);
