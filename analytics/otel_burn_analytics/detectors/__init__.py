"""Which detectors are there? One file each: a function from lazy frames to a lazy frame of findings."""
