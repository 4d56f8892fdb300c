"""Isotopes of hydrogen, which files name like elements."""

HYDROGEN_ISOTOPES_u = {"D": 2.01410177812, "T": 3.01604928199}
"""Masses of deuterium and tritium; AME2020."""
