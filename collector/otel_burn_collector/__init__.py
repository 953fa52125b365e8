"""How do spans arrive and become rows? Receive, journal, load, answer."""
