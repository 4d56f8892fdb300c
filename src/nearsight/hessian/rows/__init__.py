"""Rows of a Hessian: which are needed, by which method, computed, checked and kept."""
