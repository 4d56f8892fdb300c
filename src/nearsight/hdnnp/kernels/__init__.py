"""Kernels, compiled by numba, that evaluate potentials of Behler and Parrinello."""
