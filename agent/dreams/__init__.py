"""AutoDream in an engine: when it dreams, on what evidence, and what a model chooses in it."""
