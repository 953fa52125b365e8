-- The number of the call that was published last.
SELECT coalesce(max(publication), 0) AS publication FROM store.identities;
