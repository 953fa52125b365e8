"""Which calls do agents' own session logs tell? One file an agent; all become reports like any other emitter's."""
