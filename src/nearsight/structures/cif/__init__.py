"""Crystallographic Information Files: parsed by gemmi, read and cross-checked here."""

from nearsight.structures.cif.reading import ReadCif, is_cif, read_cif

__all__ = ["ReadCif", "is_cif", "read_cif"]
