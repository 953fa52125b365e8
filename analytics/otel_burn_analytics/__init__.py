"""Where did the tokens go? Frames in, findings out."""
