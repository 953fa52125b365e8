"""How does a finding read? One file a detector: its confidence, evidence and fix, as expressions."""
