"""Potentials of J. Behler and M. Parrinello (Phys. Rev. Lett. 2007, 98, 146401).

The energy is a sum of atomic energies, each from a neural network of its element over symmetry
functions of the neighbours within a cutoff.
"""
