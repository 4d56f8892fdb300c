"""Crystallographic Information Files: parsed by gemmi, read and cross-checked here."""

from typing import TYPE_CHECKING

from nearsight.public_names import import_at_first_use

if TYPE_CHECKING:
    from nearsight.structures.cif.reading import ReadCif, is_cif, read_cif

__all__ = ["ReadCif", "is_cif", "read_cif"]

import_at_first_use(__name__)
