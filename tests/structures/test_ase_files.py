"""Readers of ASE that would never end are ended."""

from pathlib import Path

import numpy as np
import pytest

from nearsight.errors import StructureError
from nearsight.structures.reading import read_structure

CP2K = """ &FORCE_EVAL
   &SUBSYS
     &CELL
       A 5.0 0.0 0.0
       B 0.0 6.0 0.0
       C 0.0 0.0 7.0
     &END CELL
     &COORD
       O 0.0 0.0 0.1
       H 0.0 0.8 0.6
       H 0.0 -0.8 0.6
     &END COORD
   &END SUBSYS
 &END FORCE_EVAL
"""
NWCHEM = """start water

geometry units angstrom nocenter
  O  0.0 0.0 0.1
  H  0.0 0.8 0.6
  H  0.0 -0.8 0.6
end

basis noprint
   * library 3-21G
end

task dft energy
"""
FILES = {"x.restart": CP2K, "x.nwi": NWCHEM}
CUT_OFF = {
    "x.restart": (CP2K[: CP2K.index("H ")], "It ends where a section of it should go on"),
    "x.nwi": (NWCHEM.replace("end", "", 1), "line 3 is not closed by a line `end`"),
}


@pytest.mark.parametrize("name", FILES)
def test_whole_files_are_read(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text(FILES[name])
    atoms = read_structure(tmp_path / name)
    assert atoms.get_chemical_formula() == "H2O"
    np.testing.assert_allclose(atoms.positions[1], [0.0, 0.8, 0.6])


@pytest.mark.parametrize("name", FILES)
def test_files_that_are_cut_off_end(tmp_path: Path, name: str) -> None:
    content, message = CUT_OFF[name]
    (tmp_path / name).write_text(content)
    with pytest.raises(StructureError, match=message):
        read_structure(tmp_path / name)
