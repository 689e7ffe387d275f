"""Training: what to train, the run folder that tells of it, and the trainer itself (the only part that loads torch)."""
