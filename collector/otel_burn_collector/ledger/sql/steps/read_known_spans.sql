-- Which spans of the batch had arrived before?
FROM known_spans;
