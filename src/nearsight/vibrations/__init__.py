"""What a Hessian means: normal modes, heat capacities, free energies, densities of states."""
