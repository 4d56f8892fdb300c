"""What makes a `Model` of an energy: PyTorch, JAX, predicted forces, ASE's calculators."""
