"""Grand canonical Monte Carlo of rigid molecules in a rigid framework, by any level of theory."""
