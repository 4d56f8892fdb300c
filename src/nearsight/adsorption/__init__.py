"""Gas in frameworks: insertions of rigid molecules, and what follows from their energies."""
