"""How is the whole pipeline shown without an account? A scripted provider and four small agents."""
