-- What does this ledger have at all? What nobody ever told need not be derived.
SELECT EXISTS (FROM store.lists) AS contexts, EXISTS (FROM store.manifests) OR EXISTS (FROM store.tool_runs) AS tools;
