"""What do LLM agents burn? Instrumentation at the wire."""
