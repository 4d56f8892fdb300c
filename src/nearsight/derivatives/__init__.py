"""First and second derivatives: of a PyTorch energy analytically, of any forces by differences."""
