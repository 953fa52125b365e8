"""What owns the database? One process that loads the journal and answers SQL."""
