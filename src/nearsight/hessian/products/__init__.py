"""Products of a Hessian with vectors, without its rows."""
