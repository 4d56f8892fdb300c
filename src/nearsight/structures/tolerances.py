"""Tolerances that structures are compared by."""

EXACT_TOLERANCE_A = 1e-5
"""Within this a structure is said to have a space group, not only to be near one."""
