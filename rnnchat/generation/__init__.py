"""Writing and scoring text with a model: a torch-free forward pass, sampling, the generator, scores."""
