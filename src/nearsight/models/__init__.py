"""What a model is, and one file per family of models."""
